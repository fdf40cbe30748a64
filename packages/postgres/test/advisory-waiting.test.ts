import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkHistory } from '@leasehold/core/conformance'
import { ChildProgram, compiled, Lateness, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { openAdvisory, sessionsOf } from './advisory.ts'
import { waiting } from './advisory-shares.ts'
import { claimOn, openDatabase } from './database.ts'
import { storm } from './storm.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

/** Nobody is woken by a poll. */
const quiet = { schema, pollMs: MINUTE_MS }

const openedBy = (name: string) => openAdvisory(url, name, quiet)

/** The sessions of this name that stand in the server's line. */
async function waitingSessions(name: string): Promise<number[]> {
  const { rows } = await pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = $1 and wait_event_type = 'Lock' and wait_event = 'advisory'`,
    [name],
  )
  return rows.map(({ pid }) => pid)
}

const inLine = async (name: string): Promise<number> => (await waitingSessions(name)).length

async function awaitedKeys(): Promise<number> {
  const marks = `select from pg_locks where locktype = 'advisory' and mode = 'ShareLock'`
  return (await pool.query(marks)).rows.length
}

describe('waiting for an advisory lock', () => {
  it('is ended by the release, first in, first out', async () => {
    const holder = openedBy('holder')
    const lease = await holder.locks.named('line').acquire({ ttlMs: MINUTE_MS })
    const order: number[] = []
    const waiters = []
    for (const place of [0, 1, 2, 3]) {
      const { locks } = openedBy(`in line ${place}`)
      const turn = locks.named('line').run({ ttlMs: MINUTE_MS }, () => void order.push(place))
      await until('it stands in line', async () => (await inLine(`in line ${place}`)) === 1)
      waiters.push({ locks, turn })
    }
    await lease.release()
    await Promise.all(waiters.map(({ turn }) => turn))
    expect(order).toEqual([0, 1, 2, 3])
    await Promise.all([holder, ...waiters].map(({ locks }) => locks.close()))
  })

  it('for more keys than there are sessions that wait is ended by the release, too', async () => {
    const [holder, waiter] = [openedBy('holder of six'), openedBy('waiter for six')]
    const keys = [0, 1, 2, 3, 4, 5].map((index) => `of six ${index}`)
    const leases = await Promise.all(keys.map((key) => holder.locks.named(key).acquire({ ttlMs: MINUTE_MS })))
    const turns = keys.map((key) => waiter.locks.named(key).acquire({ ttlMs: MINUTE_MS }))
    await until('two stand in line', async () => (await inLine('waiter for six')) === 2)
    await until('four are marked', async () => (await awaitedKeys()) === 4)
    for (const lease of leases.toReversed()) expect(await lease.release()).toBe('released')
    for (const turn of turns) (await turn).assertHeld()
    // One session, two that waited, one that listens.
    expect((await sessionsOf(pool, 'waiter for six')).length).toBeLessThanOrEqual(4)
    await until('no mark is left', async () => (await awaitedKeys()) === 0)
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })

  it('marks a claim once, however often it asks meanwhile', async () => {
    const [holder, waiter] = [openedBy('holder of three'), openedBy('asks twice')]
    const claims = ['first', 'second', 'marked'].map(claimOn)
    for (const { key } of claims) await holder.locks.named(key).acquire({ ttlMs: MINUTE_MS })
    const turns = [...claims, ...claims.slice(2)].map((claim) => waiting(waiter.backend, claim))
    await until('two stand in line', async () => (await inLine('asks twice')) === 2)
    await turns[3]
    await until('it is marked', async () => (await awaitedKeys()) === 1)
    for (const claim of claims) await waiter.backend.release(claim)
    await until('no mark is left', async () => (await awaitedKeys()) === 0)
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })

  it('that is given up leaves the line, and its session serves others', async () => {
    const [holder, waiter] = [openedBy('patient holder'), openedBy('fickle')]
    const lease = await holder.locks.named('given up').acquire({ ttlMs: MINUTE_MS })
    for (let times = 0; times < 20; times += 1) {
      const waitMs = times % 2 === 0 ? 1 : 30
      await expect(waiter.locks.named('given up').acquire({ waitMs })).rejects.toMatchObject({
        code: 'ACQUIRE_TIMEOUT',
      })
    }
    await until('nobody stands in line', async () => (await inLine('fickle')) === 0)
    expect((await sessionsOf(pool, 'fickle')).length).toBeLessThanOrEqual(4)
    const turn = waiter.locks.named('given up').acquire({ ttlMs: MINUTE_MS })
    await until('it stands in line', async () => (await inLine('fickle')) === 1)
    await lease.release()
    expect((await turn).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })

  it('whose session is ended at the server goes on, on another one', async () => {
    const [holder, waiter] = [openedBy('steady holder'), openAdvisory(url, 'broken waiter', { schema, pollMs: 100 })]
    const lease = await holder.locks.named('broken').acquire({ ttlMs: MINUTE_MS })
    // With time to wait: an attempt, which comes with every poll, may be what is cut off.
    const turn = waiter.locks.named('broken').acquire({ ttlMs: MINUTE_MS, waitMs: MINUTE_MS })
    await until('it stands in line', async () => (await waitingSessions('broken waiter')).length === 1)
    const [ended] = await waitingSessions('broken waiter')
    await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'broken waiter'`)
    await until('another session stands in line', async () => {
      const [standing, ...others] = await waitingSessions('broken waiter')
      return standing !== undefined && standing !== ended && others.length === 0
    })
    await lease.release()
    ;(await turn).assertHeld()
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })

  it('blocks nobody where the process that waits is frozen; thawed, it does not take a grant for its own that it slept through', async () => {
    const [holder, other] = [openedBy('holder before'), openedBy('holder after')]
    const lease = await holder.locks.named('slept through').acquire({ ttlMs: MINUTE_MS })
    const path = await compiled(fileURLToPath(new URL('waits-for-a-lock.ts', import.meta.url)))
    await using child = new ChildProgram({ path, args: [url, schema, 'slept through'], execArgv: [] })
    const heard: string[] = []
    child.onMessage((token) => heard.push(String(token)))
    await until('it stands in line', async () => (await inLine('frozen waiter')) === 1)
    child.freeze()
    const lateness = Lateness.watch()
    const sinceMs = performance.now()
    await lease.release()
    const next = await other.locks.named('slept through').acquire({ ttlMs: MINUTE_MS })
    const tookMs = performance.now() - sinceMs
    expect(tookMs).toBeGreaterThan(500)
    expect(tookMs).toBeLessThan(3000 + lateness.allowanceMs())
    child.thaw()
    await until('it stands in line again', async () => (await inLine('frozen waiter')) === 1)
    expect(heard).toEqual([])
    await next.release()
    await until('it holds the lock', () => heard.length === 1)
    expect(BigInt(heard[0] ?? '')).toBeGreaterThan(next.fencingToken)
    await Promise.all([holder.locks.close(), other.locks.close()])
  })

  it('makes tokens that increase and leases that do not overlap, while sessions are ended at random', async () => {
    const events = await storm(database, 10)
    expect(events.filter(({ type }) => type === 'granted').length).toBeGreaterThan(10)
    expect(checkHistory(events)).toEqual([])
  })
})

describe('closing advisory locks', () => {
  it('is waited for by the process, which then ends by itself', async () => {
    const path = await compiled(fileURLToPath(new URL('closes-and-ends.ts', import.meta.url)))
    const { stdout } = await promisify(execFile)(process.execPath, [path, url, schema])
    expect(JSON.parse(stdout)).toEqual({ released: 1, interrupted: [], unreleased: [] })
  })
})
