import { Client } from 'pg'
import { expect, test } from 'vitest'
import { startPostgres, TcpProxy, until } from '../src/index.ts'

test('a statement whose reply is lost has taken effect', async () => {
  await using postgres = await startPostgres({ own: true, settings: { max_connections: 20 } })
  await using proxy = await TcpProxy.open(postgres)
  const client = new Client({ connectionString: proxy.through(postgres.url) })
  await client.connect()
  client.on('error', () => {})
  proxy.swallow('replies')
  const outcome = client.query('create table made ()').then(
    () => 'done',
    () => 'unknown',
  )
  await until('the reply is lost', () => proxy.lostBytes('replies') > 0)
  proxy.heal()
  expect(await outcome).toBe('unknown')

  const witness = new Client({ connectionString: postgres.url })
  await witness.connect()
  const { rows } = await witness.query("select to_regclass('made') as name")
  await witness.end()
  expect(rows).toEqual([{ name: 'made' }])
})
