import { postgresAdvisoryBackend, postgresRowsBackend } from '@leasehold/postgres'
import pg from 'pg'
import { assertUnreachable } from './unreachable.js'

const nowhere = 'postgres://127.0.0.1:1/none'

export async function main() {
  const pool = new pg.Pool({ connectionString: nowhere })
  await assertUnreachable(postgresRowsBackend({ pool }))
  await pool.end()
  await assertUnreachable(postgresAdvisoryBackend({ connection: nowhere }))
}
