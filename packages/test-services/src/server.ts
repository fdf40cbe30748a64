/** What a server is told beyond its defaults, in its own words: `{ max_connections: 20 }`. */
export type Settings = Readonly<Record<string, string | number>>

/** A server that tests talk to, wherever it came from. */
export interface Server {
  /** Where it was found, such as `program /usr/bin/redis-server`. */
  readonly source: string
  readonly host: string
  readonly port: number
  readonly url: string
  readonly settings: Settings
  /** Resolves when it answers again, at the same address. By default with the data it had. */
  restart(options?: RestartOptions): Promise<void>
  /** Ends all its processes at once, as a power cut would. `restart` brings it back. */
  kill(): Promise<void>
  /** Stops all its processes where they are: connections stay open and nothing answers. */
  freeze(): void
  thaw(): void
  /** Ends it for good and leaves nothing behind. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export interface RestartOptions {
  /** False: it comes back empty. */
  readonly keepData?: boolean
}

export interface ServerOptions {
  /** A server at an address in the environment cannot be told any, and is passed over. */
  readonly settings?: Settings
  /**
   * The caller will restart, kill or freeze the server, so it needs one of its own: a server at an address in the
   * environment, or in a container, is passed over.
   */
  readonly own?: boolean
}
