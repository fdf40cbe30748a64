/** The few things that the box office asks of a SQL database: fulfilled by PGlite, and by `pg` with a line or two more. */
export interface Sql {
  query<Row>(text: string, params?: readonly unknown[]): Promise<Row[]>
}

export interface Database extends Sql {
  /** Commits where `work` resolves to true; rolls back where it resolves to false or rejects. */
  transaction(work: (sql: Sql) => Promise<boolean>): Promise<boolean>
  close(): Promise<void>
}
