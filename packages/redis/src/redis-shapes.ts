// The few methods that are needed of `ioredis`. Its `Redis` fits; so does what behaves as it does, such as a Valkey client made from it.

/** Your client. It is duplicated, never reconfigured, and nothing is sent over it. */
export interface RedisClient {
  readonly options: {
    readonly keyPrefix?: string | undefined
    readonly db?: number | undefined
    readonly sentinels?: readonly unknown[] | null | undefined
    readonly failoverDetector?: boolean | undefined
  }
  duplicate(override: Record<string, unknown>): RedisConnection
}

/** Your client of a Cluster. It is duplicated to ask which master serves what; connections to the masters are made from what that finds. */
export interface RedisClusterClient {
  readonly isCluster: boolean
  readonly options: {
    readonly keyPrefix?: string | undefined
    readonly natMap?: NatMap | undefined
    /** Of each connection: how to log in, TLS. */
    readonly redisOptions?: object | undefined
  }
  duplicate(startupNodes: object[], override: Record<string, unknown>): RedisClusterConnection
}

type NatMap =
  | { readonly [address: string]: { readonly host: string; readonly port: number } }
  | ((address: string) => { readonly host: string; readonly port: number } | null)

/** A duplicate of your client, for one look at the Cluster. */
export interface RedisClusterConnection {
  /** For each slot the nodes that serve it, the master first. */
  readonly slots: string[][]
  connect(): Promise<unknown>
  disconnect(): void
  nodes(role: 'master'): RedisNode[]
  on(event: 'error' | 'node error', listener: (error: Error) => void): unknown
}

/** A client of one node, as a client of a Cluster has them. */
export interface RedisNode {
  readonly options: { readonly host?: string | undefined; readonly port?: number | undefined }
  duplicate(override: Record<string, unknown>): RedisConnection
}

/** A duplicate of your client: one connection, opened once and never again. */
export interface RedisConnection extends RedisCommander {
  readonly status: string
  readonly stream?: RedisStream | undefined
  connect(): Promise<unknown>
  disconnect(): void
  subscribe(channel: string): Promise<unknown>
  /** What every command comes through. `to`: in place of `stream`. */
  sendCommand?(command: unknown, to?: RedisOutbox): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'message' | 'smessage', listener: (channel: string, message: string) => void): unknown
}

interface RedisOutbox {
  write(command: string | Uint8Array): unknown
}

interface RedisStream extends RedisOutbox {
  destroy(): unknown
  ref?(): unknown
  unref?(): unknown
}

/** Sends one command. */
export interface RedisCommander {
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>
}
