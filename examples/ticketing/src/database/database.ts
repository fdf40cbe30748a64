/** The few things that the box office asks of a SQL database. */
export interface Sql {
  query<Row>(text: string, params?: readonly unknown[]): Promise<Row[]>
}

export interface Database extends Sql {
  /** Commits where `work` resolves to true; rolls back where it resolves to false or rejects. */
  transaction(work: (sql: Sql) => Promise<boolean>): Promise<boolean>
  /**
   * Hears what the database itself says of a change (`notify`), whoever made it, once it is committed. Undefined: something may have been
   * missed, so anything may have changed. Resolves when it listens; lasts until `close`.
   */
  listen(channel: string, tell: (message: string | undefined) => void): Promise<void>
  close(): Promise<void>
}

/** The connection was lost on the way. Nothing is certain; what was asked may be asked again. */
export class DatabaseUnavailable extends Error {}
