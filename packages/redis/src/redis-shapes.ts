import type { NodeAddress } from './node-address.ts'

// The few methods that are needed of a library. The `Redis` of `ioredis` fits; so does what behaves as it does, such as `iovalkey`, which was made from it.

/** Your client. It is duplicated, never reconfigured, and nothing is sent over it. */
export interface RedisClient {
  readonly options: RedisLogin & {
    readonly keyPrefix?: string | undefined
    readonly db?: number | undefined
    readonly sentinels?: readonly unknown[] | null | undefined
    readonly failoverDetector?: boolean | undefined
    readonly connectionName?: string | null | undefined
    readonly tls?: unknown
  }
  duplicate(override: Record<string, unknown>): RedisConnection
}

/** How a client logs in. */
export interface RedisLogin {
  readonly username?: string | null | undefined
  readonly password?: string | null | undefined
  /** From `ioredis` 6 on. */
  readonly protocol?: number | undefined
}

/** Your client of a Cluster. It is duplicated to ask which master serves what; connections to the masters are made from what that finds. */
export interface RedisClusterClient {
  readonly isCluster: boolean
  readonly options: {
    readonly keyPrefix?: string | undefined
    readonly natMap?: NatMap | undefined
    readonly slotsRefreshTimeout?: number | undefined
    /** Of each connection: how to log in, TLS. */
    readonly redisOptions?:
      | (RedisLogin & { readonly connectionName?: string | null | undefined; readonly tls?: unknown })
      | undefined
  }
  duplicate(startupNodes: object[], override: Record<string, unknown>): RedisClusterConnection
}

type NatMap = { readonly [address: string]: NodeAddress } | ((address: string) => NodeAddress | null)

/** A duplicate of your client, for one look at the Cluster. */
export interface RedisClusterConnection {
  /** For each slot the nodes that serve it, the master first. */
  readonly slots: string[][]
  connect(): Promise<unknown>
  disconnect(): void
  nodes(role: 'master'): RedisNode[]
  on(event: 'error' | 'node error', listener: (error: Error) => void): unknown
  on(event: '+node', listener: (node: RedisNode) => void): unknown
}

/** A client of one node, as a client of a Cluster has them. */
export interface RedisNode {
  readonly options: { readonly host?: string | undefined; readonly port?: number | undefined }
  duplicate(override: Record<string, unknown>): RedisConnection
}

/** A client of one node by node-redis, the package `redis`. It is duplicated, never reconfigured, and nothing is sent over it. */
export interface NodeRedisClient {
  readonly isOpen: boolean
  readonly options?: NodeRedisOptions | undefined
  duplicate(overrides: object): NodeRedisDuplicate
  sendCommand(args: (string | Buffer)[], options?: object): Promise<unknown>
}

/** What a client of one node is made with. */
export interface NodeRedisOptions {
  readonly socket?:
    | {
        readonly tls?: boolean | undefined
        readonly host?: string | undefined
        readonly port?: number | undefined
      }
    | undefined
  readonly name?: string | undefined
  /** From 6 on. It stands before the keys of its own methods alone. */
  readonly keyPrefix?: string | Uint8Array | undefined
  /** Of 4: its methods take callbacks. */
  readonly legacyMode?: boolean | undefined
}

/** A duplicate of a client by node-redis. */
export interface NodeRedisDuplicate extends NodeRedisClient {
  connect(): Promise<unknown>
  /** From 5 on. */
  destroy?(): void
  disconnect?(): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<unknown>
  sSubscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  sUnsubscribe(channel: string): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  ref(): void
  unref(): void
}

/** A Cluster of node-redis, as far as single commands go. */
export interface NodeRedisClusterCommander {
  getSlotRandomNode(slot: number): unknown
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    args: (string | Buffer)[],
    options?: object,
  ): Promise<unknown>
}

/** Sentinels of node-redis, as far as single commands go. */
export interface NodeRedisSentinelCommander {
  getSentinelNode(): unknown
  sendCommand(isReadonly: boolean | undefined, args: (string | Buffer)[], options?: object): Promise<unknown>
}

/** Your client of a Cluster by node-redis, from 5.5 on. Nothing is sent over it: connections are made of what it was made with. */
export interface NodeRedisClusterClient extends NodeRedisClusterCommander {
  /** What it was made with. Earlier versions keep that to themselves. */
  readonly _options: NodeRedisClusterOptions
  /** A Cluster of its own, not connected. */
  duplicate(overrides: object): NodeRedisClusterDuplicate
}

interface NodeRedisClusterOptions {
  /** Of clients of one node each. */
  readonly rootNodes: readonly NodeRedisOptions[]
  /** Of every connection: how to log in, TLS. */
  readonly defaults?: NodeRedisOptions | undefined
  readonly nodeAddressMap?: NodeAddressMap | undefined
  /** From 6 on. */
  readonly keyPrefix?: string | Uint8Array | undefined
}

/** How nodes are reached that call themselves so, in the words of node-redis. */
export type NodeAddressMap =
  | { readonly [address: string]: NodeAddress }
  | ((address: string) => NodeAddress | undefined)

/** A duplicate of your client, asked for a client of one node alone. */
export interface NodeRedisClusterDuplicate {
  /** Makes the client of a node, as its `client`, and begins to connect it. */
  nodeClient(node: never): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** One connection to one node, opened once and never again: what all libraries come down to. A duplicate made by `ioredis` is one as it is. */
export interface RedisConnection extends RedisCommander {
  readonly status: string
  /** How it is opened. By `ioredis`, it logs in with what stands here. */
  readonly options?: RedisLogin & { readonly tls?: unknown }
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

export interface RedisOutbox {
  write(command: string | Uint8Array): unknown
}

export interface RedisStream {
  /** Where it can be written to beside the library. */
  write?(command: string | Uint8Array): unknown
  destroy(): unknown
  ref?(): unknown
  unref?(): unknown
}

/** Sends one command. */
export interface RedisCommander {
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>
}
