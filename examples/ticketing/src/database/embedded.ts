import type { PGlite, Transaction } from '@electric-sql/pglite'
import type { Database, Sql } from './database.ts'
import { createFromEmptyCluster } from './empty-cluster.ts'

/**
 * Postgres inside this process, in memory. It has one connection: statements run one after the other, and while a transaction
 * is open everything else waits for it.
 */
export async function openEmbeddedDatabase(): Promise<Database> {
  const { PGlite } = await import('@electric-sql/pglite')
  const postgres = await createFromEmptyCluster(PGlite)
  return {
    ...overConnection(postgres),
    transaction: (work) => postgres.transaction((open) => commitIfTrue(open, work)),
    async listen(channel, tell) {
      await postgres.listen(channel, tell)
    },
    close: () => postgres.close(),
  }
}

const overConnection = (connection: Pick<PGlite, 'query'>): Sql => ({
  query: async <Row>(text: string, params: readonly unknown[] = []) =>
    (await connection.query<Row>(text, [...params])).rows,
})

async function commitIfTrue(open: Transaction, work: (sql: Sql) => Promise<boolean>): Promise<boolean> {
  const commit = await work(overConnection(open))
  if (!commit) await open.rollback()
  return commit
}
