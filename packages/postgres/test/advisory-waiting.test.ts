import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { checkHistory } from '@leasehold/core/conformance'
import { ChildProgram, compiled, Lateness, TcpProxy, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { openAdvisory, openAltered, sessionsOf, standing, standingSessions, wants } from './advisory.ts'
import { hasTurn, waiting } from './advisory-shares.ts'
import { claimOn, openDatabase } from './database.ts'
import { storm } from './storm.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

/** Nobody is woken by a poll. */
const quiet = { schema, pollMs: MINUTE_MS }

const openedBy = (name: string) => openAdvisory(url, name, quiet)

const inLine = (name: string) => standing(pool, name)

async function awaitedKeys(): Promise<number> {
  const marks = `select from pg_locks where locktype = 'advisory' and objsubid = 1 and mode = 'ShareLock'`
  return (await pool.query(marks)).rows.length
}

describe('waiting for an advisory lock', () => {
  it('is ended by the release, first in, first out among those who have waited for less than a second', async () => {
    const [holder, first, second] = [openedBy('holder'), openedBy('first in line'), openedBy('second in line')]
    /** Resolves with their order, if they stood in line once. */
    const order = async (key: string): Promise<string[] | undefined> => {
      const lease = await holder.locks.named(key).acquire({ ttlMs: MINUTE_MS })
      const order: string[] = []
      const enters = ({ locks }: typeof first, name: string) =>
        locks.named(key).run({ ttlMs: MINUTE_MS }, () => void order.push(name))
      const sinceMs = performance.now()
      const turns = [enters(first, 'first in line')]
      await until('it stands in line', async () => (await inLine('first in line')) === 1)
      turns.push(enters(second, 'second in line'))
      await until('it stands in line', async () => (await inLine('second in line')) === 1)
      await lease.release()
      const isQuick = performance.now() - sinceMs < 700
      await Promise.all(turns)
      return isQuick ? order : undefined
    }
    let told: string[] | undefined
    await until('nobody has come again', async () => {
      told = await order('line')
      return told !== undefined
    })
    expect(told).toEqual(['first in line', 'second in line'])
    await Promise.all([holder, first, second].map(({ locks }) => locks.close()))
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
    // One session, one that listens, and those on which it was waited for what is held.
    expect((await sessionsOf(pool, 'waiter for six')).length).toBeLessThanOrEqual(2 + keys.length)
    await until('no mark is left', async () => (await awaitedKeys()) === 0)
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })

  it('comes again each second, and makes no error that the server would note in its log', async () => {
    const holder = openedBy('holds for long')
    const errors: unknown[] = []
    let waits = 0
    const backend = openAltered(url, schema, 'comes again', (statement, send) => {
      if (statement === 'wait') waits += 1
      return send().catch((error: unknown) => {
        errors.push(error)
        throw error
      })
    })
    const lease = await holder.locks.named('held for long').acquire({ ttlMs: MINUTE_MS })
    const claim = claimOn('held for long')
    const turn = waiting(backend, claim)
    await until('it has come again', () => waits >= 3)
    expect(errors).toEqual([])
    await lease.release()
    await hasTurn(backend, claim, turn)
    await Promise.all([holder.locks.close(), backend.close?.()])
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
    let ended: number | undefined
    await until('it stands in line', async () => {
      ;[ended] = await standingSessions(pool, 'broken waiter')
      return ended !== undefined
    })
    await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'broken waiter'`)
    await until('another session stands in line', async () => {
      const [another, ...others] = await standingSessions(pool, 'broken waiter')
      return another !== undefined && another !== ended && others.length === 0
    })
    await lease.release()
    ;(await turn).assertHeld()
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })

  it('blocks nobody where the process that waits is frozen; thawed, it does not take a grant for its own that it slept through', async () => {
    const [holder, other] = [openedBy('holder before'), openedBy('holder after')]
    const path = await compiled(fileURLToPath(new URL('waits-for-a-lock.ts', import.meta.url)))
    /** Frozen as it stands in line, or as its second there is over: then it was granted nothing. */
    const isGrantedFrozen = async (key: string): Promise<boolean> => {
      const lease = await holder.locks.named(key).acquire({ ttlMs: MINUTE_MS })
      await using child = new ChildProgram({ path, args: [url, schema, key], execArgv: [] })
      const heard: string[] = []
      child.onMessage((token) => heard.push(String(token)))
      await until('it stands in line', async () => (await inLine('frozen waiter')) === 1)
      child.freeze()
      const lateness = Lateness.watch()
      const sinceMs = performance.now()
      await lease.release()
      const next = await other.locks.named(key).acquire({ ttlMs: MINUTE_MS })
      const tookMs = performance.now() - sinceMs
      expect(tookMs).toBeLessThan(3000 + lateness.allowanceMs())
      child.thaw()
      await until('it stands in line again', async () => (await inLine('frozen waiter')) === 1)
      expect(heard).toEqual([])
      await next.release()
      await until('it holds the lock', () => heard.length === 1)
      expect(BigInt(heard[0] ?? '')).toBeGreaterThan(next.fencingToken)
      return tookMs > 500
    }
    await until('it slept through a grant', () => isGrantedFrozen('slept through'))
    await Promise.all([holder.locks.close(), other.locks.close()])
  })

  it('of many who are cut off at once costs those who live no more than two seconds, however many they are', async () => {
    await using proxy = await TcpProxy.open(database.server)
    const [holder, next] = [openedBy('holder of many'), openedBy('comes after many')]
    const cutOff = Array.from({ length: 6 }, () => openAdvisory(proxy.through(url), 'cut off', quiet))
    for (const { locks } of [next, ...cutOff]) await locks.named('warm').run({ waitMs: MINUTE_MS }, () => {})
    const lease = await holder.locks.named('many').acquire({ ttlMs: MINUTE_MS })
    for (const { locks } of cutOff) wants(locks, 'many')
    await until('all stand in line', async () => (await inLine('cut off')) === 6)
    proxy.swallow('replies')
    proxy.swallow('requests')
    const lateness = Lateness.watch()
    const sinceMs = performance.now()
    await lease.release()
    await next.locks.named('many').run({ ttlMs: MINUTE_MS }, () => {})
    expect(performance.now() - sinceMs).toBeLessThan(2500 + lateness.allowanceMs())
    await Promise.all([holder, next, ...cutOff].map(({ locks }) => locks.close()))
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
