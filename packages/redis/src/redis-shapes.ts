// The few methods that are needed of `ioredis`. Its `Redis` fits; so does what behaves as it does, such as a Valkey client made from it.

/** Your client. It is duplicated, never reconfigured, and nothing is sent over it. */
export interface RedisClient {
  readonly options: { readonly keyPrefix?: string | undefined }
  duplicate(override: Record<string, unknown>): RedisConnection
}

/** A duplicate of your client: one connection, opened once and never again. */
export interface RedisConnection extends RedisCommander {
  readonly status: string
  readonly stream?: RedisStream | undefined
  connect(): Promise<unknown>
  disconnect(): void
  subscribe(channel: string): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  on(event: 'message', listener: (channel: string, message: string) => void): unknown
}

interface RedisStream {
  destroy(): unknown
  ref?(): unknown
  unref?(): unknown
}

/** Sends one command. */
export interface RedisCommander {
  call(command: string, ...args: (string | number | Buffer)[]): Promise<unknown>
}
