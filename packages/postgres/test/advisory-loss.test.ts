import type { Lease } from '@leasehold/core'
import { Lateness, startPostgres, TcpProxy, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { openAdvisory, sessionsOf } from './advisory.ts'
import { claimOn, openOwn, terms } from './database.ts'

const server = await startPostgres({ own: true })
const { pool, stop } = await openOwn(server)

const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)
process.on('unhandledRejection', note)

afterAll(async () => {
  process.off('unhandledRejection', note)
  await stop()
})

const MINUTE_MS = 60_000
const KEYS = ['a', 'b', 'c', 'd']
let names = 0

/** Leases of two TTLs, so on two sessions: by the time of their renewals, none would be missed for long. */
async function holding(url = server.url) {
  names += 1
  const name = `loss ${names}`
  const opened = openAdvisory(url, name)
  onTestFinished(() => void opened.locks.close())
  const keys = KEYS.map((key) => `${name} ${key}`)
  const leases = await Promise.all(
    keys.map((key, index) => opened.locks.named(key).acquire({ ttlMs: index % 2 === 0 ? MINUTE_MS : 2 * MINUTE_MS })),
  )
  return { ...opened, name, keys, leases }
}

const areLost = (leases: readonly Lease[]) => () => leases.every(({ signal }) => signal.aborted)

describe('the end of a session', () => {
  it('by pg_terminate_backend is told to each of its leases, at once and once', async () => {
    const { name, keys, leases, lostKeys, locks } = await holding()
    await pool.query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', [name])
    await until('all are lost', areLost(leases))
    expect(lostKeys().sort()).toEqual(keys)
    expect(leases.map(({ remainingMs }) => remainingMs)).toEqual([0, 0, 0, 0])

    const again = await locks.named(keys[0] ?? '').acquire()
    expect(again.fencingToken).toBeGreaterThan(leases[0]?.fencingToken ?? 0n)
    expect(lostKeys().sort()).toEqual(keys)
    expect(await Promise.all(leases.map((lease) => lease.release()))).toEqual(['lost', 'lost', 'lost', 'lost'])
    again.assertHeld()
  })

  it('by a restart of the server is told, nothing is locked again in silence, and new leases are granted', async () => {
    const { name, keys, leases, lostKeys, locks } = await holding()
    await server.restart()
    await until('all are lost', areLost(leases))
    expect(lostKeys().sort()).toEqual(keys)
    const { rows } = await pool.query(
      `select count(*)::int as held from pg_locks where locktype = 'advisory' and objsubid = 1`,
    )
    expect(rows[0].held).toBe(0)
    expect(await sessionsOf(pool, name)).toEqual([])
    const again = await locks.named(keys[0] ?? '').acquire({ waitMs: MINUTE_MS })
    again.assertHeld()
  })

  it('by a broken network is told, and the keys are free for others', async () => {
    await using proxy = await TcpProxy.open(server)
    const { keys, leases, lostKeys, locks } = await holding(proxy.through(server.url))
    proxy.cut()
    await until('all are lost', areLost(leases))
    expect(lostKeys().sort()).toEqual(keys)
    const other = openAdvisory(server.url, 'other')
    for (const key of keys) await until('it is free', async () => (await other.locks.named(key).tryAcquire()) !== null)
    expect((await other.locks.close()).released).toBe(KEYS.length)
    await locks.named(keys[0] ?? '').run({ waitMs: MINUTE_MS }, () => {})
  })

  it('costs only the leases of its own TTL', async () => {
    const { name, leases, lostKeys } = await holding()
    const { rows } = await pool.query<{ pid: number }>(
      `select distinct pid from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and objsubid = 1 and application_name = $1`,
      [name],
    )
    expect(rows).toHaveLength(2)
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    await until('two are lost', () => lostKeys().length === 2)
    const [first, second, third, fourth] = leases.map(({ signal }) => signal.aborted)
    expect([first, second]).toEqual([third, fourth])
    expect(first).not.toBe(second)
  })

  it('leaves no rejection unhandled', async () => {
    await new Promise((resolve) => setImmediate(resolve))
    expect(unhandled).toEqual([])
  })
})

describe('a network that swallows everything', () => {
  it('ends each lease at its deadline, once, and the process goes on when the network does', async () => {
    await using proxy = await TcpProxy.open(server)
    const { locks, lostKeys } = openAdvisory(proxy.through(server.url), 'swallowed', { requestTimeoutMs: 200 })
    const lease = await locks.named('swallowed').acquire({ ttlMs: 600, waitMs: MINUTE_MS })
    proxy.swallow('requests')
    proxy.swallow('replies')
    await until('it is lost', () => lease.signal.aborted)
    const other = openAdvisory(server.url, 'other')
    const next = await other.locks.named('swallowed').acquire({ waitMs: MINUTE_MS })
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
    await next.release()
    proxy.heal()
    await locks.named('swallowed').run({ waitMs: MINUTE_MS }, () => {})
    expect(lostKeys()).toEqual(['swallowed'])
    await Promise.all([locks.close(), other.locks.close()])
  })

  it('leaves no lock behind of a request whose answer was lost, beyond one TTL', async () => {
    await using proxy = await TcpProxy.open(server)
    const { backend, locks } = openAdvisory(proxy.through(server.url), 'doubtful', { requestTimeoutMs: 200 })
    await locks.named('before').run({ ttlMs: 1000, waitMs: MINUTE_MS }, () => {})
    proxy.swallow('replies')
    const attempt = backend.tryAcquire(claimOn('doubtful'), terms(1000))
    attempt.catch(() => {})
    await until('the server has the lock', async () => {
      const held = `select from pg_locks join pg_stat_activity using (pid) where locktype = 'advisory' and objsubid = 1 and application_name = 'doubtful'`
      return (await pool.query(held)).rows.length === 1
    })
    const other = openAdvisory(server.url, 'other')
    const lateness = Lateness.watch()
    const sinceMs = performance.now()
    const next = await other.locks.named('doubtful').acquire({ waitMs: MINUTE_MS })
    expect(performance.now() - sinceMs).toBeLessThan(2500 + lateness.allowanceMs())
    // The connection is given up on this side, too.
    await expect(attempt).rejects.toThrow()
    await next.release()
    await Promise.all([locks.close(), other.locks.close()])
  })
})
