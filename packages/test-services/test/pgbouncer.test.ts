import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Server, startPgBouncer, startPostgres } from '../src/index.ts'

describe('a PgBouncer from this machine', () => {
  let postgres: Server
  let bouncer: Server
  beforeAll(async () => {
    postgres = await startPostgres({ own: true })
    bouncer = await startPgBouncer({ postgres, own: true, settings: { default_pool_size: 1 } })
  })
  afterAll(async () => {
    await bouncer.stop()
    await postgres.stop()
  })

  async function withClient<T>(use: (client: Client) => Promise<T>): Promise<T> {
    const client = new Client({ connectionString: bouncer.url })
    // A test may cut it off.
    client.on('error', () => {})
    await client.connect()
    try {
      return await use(client)
    } finally {
      await client.end()
    }
  }

  const answerOf = async (client: Client, sql: string): Promise<unknown> =>
    Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0]

  test('gives one session to two clients, and so one session lock', async () => {
    const lock = 'select pg_try_advisory_lock(1)'
    const granted = await withClient((one) =>
      withClient(async (other) => [await answerOf(one, lock), await answerOf(other, lock)]),
    )
    expect(granted).toEqual([true, true])
  })

  test('keeps a session for one client during its transaction', async () => {
    const pids = await withClient(async (client) => {
      await client.query('begin')
      return [await answerOf(client, 'select pg_backend_pid()'), await answerOf(client, 'select pg_backend_pid()')]
    })
    expect(pids[0]).toBe(pids[1])
  })

  test('works on over restarts of what is behind it and of its own', async () => {
    await postgres.restart()
    await bouncer.restart()
    expect(await withClient((client) => answerOf(client, 'select 42'))).toBe(42)
  })
})
