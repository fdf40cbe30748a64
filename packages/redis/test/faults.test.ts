import { setTimeout as pause } from 'node:timers/promises'
import { createLocks, isLeaseholdError } from '@leasehold/core'
import { TcpProxy, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { scriptsRun, startStanding, visit } from './standing.ts'

// A millisecond for each key, with a look at the clients now and then: a restart with two thousand of them loads for a while.
const standing = await startStanding({ 'key-load-delay': 1000, 'loading-process-events-interval-bytes': 1024 })
const { ask, open, server } = standing
afterAll(standing.stop)

const HOLD = (key: string) => keyNames('leasehold:', key).hold

describe('a connection that is cut', () => {
  it.each([
    ['in the middle of a request', 'requests', 40, 0],
    ['after the request', 'replies', 1, 1],
    ['in the middle of a reply', 'replies', 9, 1],
  ] as const)('%s runs its script at most once', async (_, direction, bytes, runs) => {
    await using proxy = await TcpProxy.open(server)
    const backend = open({}, proxy.through(server.url))
    const key = `cut ${direction} ${bytes}`
    await visit(backend, key)
    await ask('config', 'resetstat')
    const cut = proxy.cutAfter(bytes, direction)
    await expect(backend.tryAcquire(claimOn(key), terms())).rejects.toThrow(/closed|reset/i)
    await cut
    expect(await scriptsRun(standing)).toBe(runs)
    // Whatever it did is known under its claim, and the next command goes over a new connection.
    expect((await backend.inspect?.(key))?.length === 0).toBe(runs === 0)
  })

  it('again and again, costs no order of tokens, and leaves nothing held', async () => {
    const locks = createLocks(open({ connectionName: 'shot' }), { ttlMs: 2000 })
    const tokens: bigint[] = []
    let done = false
    const shots = (async () => {
      while (!done) {
        await ask('client', 'kill', 'type', 'normal', 'skipme', 'yes')
        await ask('script', 'flush')
        // Some shots meet a turn, others fall between two.
        await pause(5)
      }
    })()
    for (let turn = 0; turn < 60; turn += 1) {
      await locks
        .named('shot')
        .run(async ({ fencingToken }) => void tokens.push(fencingToken))
        .catch(() => {})
    }
    done = true
    await shots
    expect(tokens.length).toBeGreaterThan(0)
    expect([...tokens].sort((a, b) => Number(a - b))).toEqual(tokens)
    await until('nothing is held', async () => (await ask('exists', HOLD('shot'))) === '0')
    await locks.close()
  })
})

describe('a server that pauses its clients', () => {
  it('keeps nothing of an attempt that was given up', async () => {
    const [locks, hasty] = [createLocks(open()), createLocks(open(), { requestTimeoutMs: 200 })]
    // Both are connected before the pause.
    await locks.named('paused').inspect()
    await until('it is connected', () =>
      hasty
        .named('paused')
        .inspect()
        .then(
          () => true,
          () => false,
        ),
    )
    await ask('client', 'pause', '600', 'all')
    const error = await hasty
      .named('paused')
      .tryAcquire()
      .catch((reason: unknown) => reason)
    expect(isLeaseholdError(error, 'BACKEND_UNAVAILABLE')).toBe(true)
    await until('the pause is over, and the claim withdrawn', async () => (await ask('exists', HOLD('paused'))) === '0')
    expect(await locks.named('paused').tryAcquire()).not.toBeNull()
    await Promise.all([locks.close(), hasty.close()])
  })

  it('ends leases that run out meanwhile, and no late renewal revives them', async () => {
    const locks = createLocks(open(), { ttlMs: 400 })
    const lease = await locks.named('outlived').acquire({ waitMs: 15_000 })
    await ask('client', 'pause', '900', 'all')
    await until('it is over here', () => lease.signal.aborted)
    expect(() => lease.assertHeld()).toThrow()
    await until('it is over there', async () => (await ask('exists', HOLD('outlived'))) === '0')
    await locks.close()
  })
})

describe('a server that loads its data', () => {
  it('is away for as long, and has the holds afterwards', async () => {
    const backend = open()
    const held = claimOn('loaded')
    await backend.tryAcquire(held, terms())
    await ask('eval', "for i = 1, 2000 do redis.call('SET', 'load:' .. i, i) end", '0')
    const restarted = server.restart()
    await until('it says so', async () => {
      const failure = await backend.inspect?.('loaded').catch((error: Error) => error.message)
      return typeof failure === 'string' && failure.includes('LOADING')
    })
    const error = await createLocks(open())
      .named('loaded')
      .tryAcquire()
      .catch((reason: unknown) => reason)
    expect(isLeaseholdError(error, 'BACKEND_UNAVAILABLE')).toBe(true)
    await restarted
    expect(await backend.renew([{ ...held, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
    await ask('eval', "for i = 1, 2000 do redis.call('DEL', 'load:' .. i) end", '0')
  })
})

describe('a server that evicts', () => {
  it('ends the lease at its next renewal, and goes on with a greater token', async () => {
    const [one, other] = [createLocks(open()), createLocks(open())]
    const lease = await one.named('evicted').acquire()
    const used = Number(/used_memory:(\d+)/.exec(await ask('info', 'memory'))?.[1])
    await ask('config', 'set', 'maxmemory-policy', 'volatile-random', 'maxmemory', String(used + 100_000))
    await ask('eval', "for i = 1, 2000 do redis.pcall('SET', 'fill:' .. i, string.rep('x', 500)) end", '0')
    for (let i = 0; i < 20; i += 1) await ask('set', `more:${i}`, 'x'.repeat(20_000))
    await until('the hold is evicted', async () => (await ask('exists', HOLD('evicted'))) === '0')
    await ask('config', 'set', 'maxmemory', '0', 'maxmemory-policy', 'noeviction')
    const next = await other.named('evicted').acquire()
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
    await expect(lease.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    expect(next.remainingMs).toBeGreaterThan(0)
    await Promise.all([one.close(), other.close()])
  })
})
