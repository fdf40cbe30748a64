import { createLocks } from '@leasehold/core'
import { TcpProxy, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { Releases } from '../src/advisory/releases.ts'
import { postgresAdvisoryBackend, postgresRowsBackend } from '../src/index.ts'
import { Listening } from '../src/listening.ts'
import { PoolClients } from '../src/pool-clients.ts'
import { Statements } from '../src/statements.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, server, url, openPool } = database
afterAll(database.stop)

const ALL = 4

/** A pool whose connections all have been used, and lead through the proxy. */
async function usedPool(proxy: TcpProxy): Promise<pg.Pool> {
  const used = openPool({ connectionString: proxy.through(url), max: ALL, idleTimeoutMillis: 0 })
  await Promise.all(Array.from({ length: ALL }, () => used.query('select pg_sleep(0.1)')))
  expect(used.idleCount).toBe(ALL)
  return used
}

/** What is set for the connections of clients. */
function recording() {
  const silences: unknown[] = []
  const record = <Client extends pg.Client>(client: Client): Client => {
    const { stream } = (client as unknown as { connection: { stream: { setKeepAlive(...args: unknown[]): unknown } } })
      .connection
    stream.setKeepAlive = (...args) => silences.push(args)
    return client
  }
  return { silences, record }
}

/** Where the patience is short, it may be late a few times: the machine is what it is. */
async function listens(listening: Listening): Promise<Awaited<ReturnType<Listening['opened']>>> {
  for (;;) {
    const client = await listening.opened().catch((error: Error) => error)
    if (!(client instanceof Error)) return client
    expect(client.message).toMatch('no answer from Postgres within')
  }
}

describe('connections that were forgotten while they were silent', () => {
  it('are replaced before they are used, where others of the process had used them', async () => {
    await using proxy = await TcpProxy.open(server)
    const theirs = await usedPool(proxy)
    proxy.forget()
    const locks = createLocks(postgresRowsBackend({ pool: theirs, schema }), { requestTimeoutMs: 30_000 })
    expect(await locks.named('others').tryAcquire()).not.toBeNull()
    expect(theirs.totalCount).toBe(1)
    await locks.close()
  })

  it('are replaced before they are used, all of the same age at once', async () => {
    await using proxy = await TcpProxy.open(server)
    const theirs = await usedPool(proxy)
    const statements = new Statements(new PoolClients(theirs, 0), 30_000)
    await Promise.all(Array.from({ length: ALL }, () => statements.run('select pg_sleep(0.1)', [])))
    proxy.forget()
    expect(await statements.run('select 1 as one', [])).toEqual([{ one: '1' }])
    expect(theirs.totalCount).toBe(1)
    // Who answers is kept.
    const { rows } = await theirs.query('select pg_backend_pid()::text as pid')
    expect(await statements.run('select pg_backend_pid() as pid', [])).toEqual(rows)
  })

  it('are noticed where they listen, while somebody waits', async () => {
    await using proxy = await TcpProxy.open(server)
    const connect = () => new pg.Client(proxy.through(url))
    const releases = new Releases('silent')
    const listening = new Listening(connect, releases, { everyMs: 50, patienceMs: 500 })
    const first = await listens(listening)
    let woken = false
    releases.watch('a', () => {
      woken = true
    })
    listening.mind()
    proxy.forget()
    await until('the death is noticed', () => woken)
    expect(listening.isOpen).toBe(false)
    const second = await listens(listening)
    expect(second).not.toBe(first)
    const heard = new Promise<void>((resolve) => void releases.watch('a', resolve))
    await pool.query(`select pg_notify('silent', 'a')`)
    await heard
    await listening.close()
  })

  it('are given up where they were to listen and get no answer, and made anew', async () => {
    await using proxy = await TcpProxy.open(server)
    proxy.swallow('replies')
    const connect = () => new pg.Client(proxy.through(url))
    const listening = new Listening(connect, new Releases('mute'), { everyMs: 60_000, patienceMs: 300 })
    await expect(listening.opened()).rejects.toThrow('no answer from Postgres within 300 ms')
    proxy.heal()
    await listens(listening)
    await listening.close()
  })

  it('are not asked where nobody waits, and are as soon as somebody does', async () => {
    await using proxy = await TcpProxy.open(server)
    const releases = new Releases('alone')
    const connect = () => new pg.Client(proxy.through(url))
    const listening = new Listening(connect, releases, { everyMs: 1, patienceMs: 500 })
    await listens(listening)
    proxy.forget()
    await pool.query('select pg_sleep(0.1)')
    expect([proxy.lostBytes('requests'), listening.isOpen]).toEqual([0, true])
    const woken = new Promise<void>((resolve) => void releases.watch('a', resolve))
    listening.mind()
    await woken
    expect(listening.isOpen).toBe(false)
    await listening.close()
  })
})

describe('connections that are silent', () => {
  it('are kept alive from ten seconds on: those of the pool, those that listen, and sessions', async () => {
    const { silences, record } = recording()
    const theirs = openPool({ max: 1 })
    theirs.on('connect', record)
    const locks = createLocks(postgresRowsBackend({ pool: theirs, schema }))
    for (let turn = 0; turn < 2; turn += 1) await locks.named('kept').run(() => {})
    expect(silences).toEqual([[true, 10_000]])
    const listening = new Listening(() => record(new pg.Client(url)), new Releases('kept'))
    await listening.opened()
    expect(silences).toHaveLength(2)
    const advisory = createLocks(postgresAdvisoryBackend({ connection: () => record(new pg.Client(url)), schema }))
    await advisory.named('kept').run(() => {})
    expect(silences).toEqual(Array(3).fill([true, 10_000]))
    await Promise.all([locks.close(), advisory.close(), listening.close()])
  })
})
