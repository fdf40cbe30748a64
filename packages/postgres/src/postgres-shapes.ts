// The few methods that are needed of `pg`. Its `Pool`, `PoolClient` and `Client` fit; so does what behaves as they do.

export type PostgresRow = Readonly<Record<string, unknown>>

/** Runs one statement. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly PostgresRow[] }>
}

/** One connection, such as a pool lends. A pool itself is none: each of its statements may go to another connection. */
export interface PostgresConnection extends PostgresClient {
  readonly totalCount?: never
  readonly idleCount?: never
}

/** What newer versions of `pg` know about their clients: `I` for idle, `T` and `E` within a transaction. */
export interface TransactionAware {
  getTransactionStatus?(): string | null
}

/** A client on loan from a pool. */
export interface PostgresPoolClient extends PostgresClient {
  /** `true` ends the connection instead of giving it back. */
  release(destroy?: boolean): void
  on(event: 'error', listener: (error: Error) => void): unknown
  removeListener(event: 'error', listener: (error: Error) => void): unknown
}

/** Any pool: also one that leads to PgBouncer in transaction mode. */
export interface PostgresPool {
  connect(): Promise<PostgresPoolClient>
}

export interface PostgresNotification {
  readonly channel: string
  readonly payload?: string | undefined
}

/** A client that is not connected yet, for `LISTEN`: it needs a connection of its own, straight to the server. */
export interface PostgresListenClient extends PostgresClient {
  connect(): Promise<unknown>
  end(): Promise<void>
  on(event: 'notification', listener: (notification: PostgresNotification) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end', listener: () => void): unknown
  /** Lets the process end although the connection is open. */
  unref?(): void
  /** Undoes that: the process waits for the connection to end. */
  ref?(): void
}

/** What `pg` knows about itself, as far as it is of use here. */
export interface PostgresClientInsides {
  /** Statements are sent without waiting for the answers to those before (`pg` 8.23 and newer). */
  readonly pipeline?: boolean
  /** The process that the server named when the connection was made. A pooler between makes it up. */
  readonly processID?: number | null
  readonly connection?: {
    readonly stream: {
      destroy(): unknown
      cork?(): void
      uncork?(): void
      setKeepAlive?(on: boolean, silenceMs: number): unknown
    }
  }
  /** A client has it, and a pool has not. */
  getTypeParser?(oid: number): unknown
  /** A pool has it, and a client has not. */
  readonly totalCount?: number
  /** Values come in binary form where there is one. */
  readonly binary?: boolean
  /** How often a pool has lent the client. */
  readonly _poolUseCount?: number
}

/** A client that is not connected yet, straight to the server, for locks that live in its session. */
export interface PostgresSessionClient extends PostgresListenClient, PostgresClientInsides {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly PostgresRow[] }>
  query(statement: PostgresStatement, values?: unknown[]): Promise<{ readonly rows: readonly PostgresRow[] }>
}

/** With a name, it is prepared once per connection. */
export interface PostgresStatement {
  readonly name?: string
  readonly text: string
  readonly values?: unknown[]
  /** What becomes of the values in the answer. */
  readonly types?: { getTypeParser(oid: number): (value: unknown) => unknown }
}
