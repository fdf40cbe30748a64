import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { allOf, createLocks, type LockBackend, type LockEvent } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

const TRIP_MS = 10

/** A memory backend 10 ms away, which counts the attempts that it sees. `pushes`: it can wait, too. */
function remote({ pushes = false } = {}) {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  const memory = memoryBackend({ store })
  const trip = () => new Promise<void>((arrived) => time.clock.setTimer(TRIP_MS, arrived))
  const seen = { attempts: 0, waits: 0 }
  const { name, capabilities, renew, release, waitForTurn } = memory
  const tryAcquire: LockBackend['tryAcquire'] = async (claim, terms) => {
    seen.attempts += 1
    await trip()
    const answer = await memory.tryAcquire(claim, terms)
    await trip()
    return answer
  }
  const wait: LockBackend['waitForTurn'] = (claim, terms, signal) => {
    seen.waits += 1
    return waitForTurn?.(claim, terms, signal) ?? Promise.resolve(undefined)
  }
  const three: LockBackend = { name, capabilities, renew, release, tryAcquire }
  return { time, store, seen, memory, backend: pushes ? { ...three, waitForTurn: wait } : three }
}

it.each([0, 1, 5, 15, 40])('a free key is granted with waitMs %i to a caller 20 ms away', async (waitMs) => {
  const { time, backend } = remote()
  const locks = createLocks(backend, { clock: time.clock })
  const acquiring = locks.named('k').acquire({ waitMs })
  await time.pass(2 * TRIP_MS)
  expect((await acquiring).remainingMs).toBeGreaterThan(0)
  await locks.close()
})

it.each([false, true])(
  'a wait ends with a last attempt, which finds what no poll had found yet (push: %s)',
  async (pushes) => {
    const { time, store, backend } = remote({ pushes })
    const locks = createLocks(
      // The wake-up is lost.
      pushes ? { ...backend, waitForTurn: () => new Promise<undefined>(() => {}) } : backend,
      { clock: time.clock, pollMs: 60_000, random: () => 0.999 },
    )
    const there = createLocks(memoryBackend({ store }), { clock: time.clock })
    const blocker = await there.named('k').acquire()
    const acquiring = locks.named('k').acquire({ waitMs: 500 })
    await time.pass(490)
    await blocker.release()
    await time.pass(10 + 2 * TRIP_MS)
    expect((await acquiring).remainingMs).toBeGreaterThan(0)
    await Promise.all([locks.close(), there.close()])
  },
)

it.each([
  { selfPolling: false, fewest: 50, most: 100 },
  { selfPolling: true, fewest: 1, most: 1 },
])('polls beside a backend that pushes only where that does not poll by itself: $selfPolling', async (claimed) => {
  const { time, store, seen, backend } = remote({ pushes: true })
  const capabilities = { ...backend.capabilities, selfPolling: claimed.selfPolling }
  const locks = createLocks({ ...backend, capabilities }, { clock: time.clock, random: () => 0.999 })
  const there = createLocks(memoryBackend({ store }), { clock: time.clock })
  const lease = await there.named('k').acquire({ ttlMs: 100_000 })
  const acquiring = locks.named('k').acquire()
  await time.pass(60_000)
  expect(seen.attempts).toBeGreaterThanOrEqual(claimed.fewest)
  expect(seen.attempts).toBeLessThanOrEqual(claimed.most)
  await lease.release()
  await time.pass(2 * TRIP_MS)
  expect((await acquiring).remainingMs).toBeGreaterThan(0)
  await Promise.all([locks.close(), there.close()])
})

it('a wait on a held key ends one trip after its time', async () => {
  const { time, store, backend } = remote()
  const locks = createLocks(backend, { clock: time.clock })
  const there = createLocks(memoryBackend({ store }), { clock: time.clock })
  await there.named('k').acquire()
  const acquiring = locks.named('k').acquire({ waitMs: 500 })
  const rejected = expect(acquiring).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
  await time.pass(500 + 2 * TRIP_MS)
  await rejected
  await Promise.all([locks.close(), there.close()])
})

it('an attempt that never answers does not hold up a wait for longer than one request', async () => {
  const { time, backend } = remote()
  const silent: LockBackend = { ...backend, tryAcquire: () => new Promise(() => {}) }
  const locks = createLocks(silent, { clock: time.clock, requestTimeoutMs: 700 })
  const acquiring = locks.named('k').acquire({ waitMs: 50 })
  const rejected = expect(acquiring).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
  await time.pass(701)
  await rejected
  await locks.close()
})

it('a caller who gives up by its signal does not wait for the attempt', async () => {
  const { time, store, backend } = remote()
  const locks = createLocks(backend, { clock: time.clock })
  const abort = new AbortController()
  const acquiring = locks.named('k').acquire({ signal: abort.signal, waitMs: 5 })
  const rejected = expect(acquiring).rejects.toThrow('enough')
  await time.pass(TRIP_MS)
  abort.abort(new Error('enough'))
  await rejected
  await time.pass(100)
  expect(store.size).toBe(0)
  await locks.close()
})

it('nobody here asks while another is asking: who comes meanwhile stands in line', async () => {
  const { time, backend, seen } = remote({ pushes: true })
  const locks = createLocks(backend, { clock: time.clock })
  const order: number[] = []
  const all = [1, 2, 3].map(async (caller) => {
    const lease = await locks.named('k').acquire()
    order.push(caller)
    await lease.release()
  })
  await time.pass(500)
  await Promise.all(all)
  expect(order).toEqual([1, 2, 3])
  expect(seen.attempts).toBe(1)
  await locks.close()
})

it.each([
  ['refuses', 'refused'],
  ['fails', 'unavailable'],
] as const)(
  'a wait that the backend %s for good costs no more attempts than polling, and is told once',
  async (_, verdict) => {
    const { time, store, backend, seen } = remote({ pushes: true })
    const told: LockEvent[] = []
    const deaf: LockBackend = {
      ...backend,
      waitForTurn: () => Promise.reject(new Error('no permission to subscribe')),
      classifyError: () => verdict,
    }
    const onEvent = (event: LockEvent) => {
      if (event.type === 'backend-error') told.push(event)
    }
    const locks = createLocks(deaf, { clock: time.clock, onEvent })
    const there = createLocks(memoryBackend({ store }), { clock: time.clock })
    const blocker = await there.named('k').acquire()
    const acquiring = locks.named('k').acquire()
    await time.pass(10_000)
    expect(seen.attempts).toBeLessThanOrEqual(20)
    expect(told).toMatchObject([{ operation: 'wait', error: { message: expect.stringContaining('no permission') } }])
    await blocker.release()
    await time.pass(1100)
    expect((await acquiring).remainingMs).toBeGreaterThan(0)
    await Promise.all([locks.close(), there.close()])
  },
)

it('a thousand callers of a group with a held key cost the backend what one does, and count as waiters', async () => {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  const memory = memoryBackend({ store })
  let attempts = 0
  const backend: LockBackend = {
    ...memory,
    tryAcquire: (...attempt) => {
      attempts += 1
      return memory.tryAcquire(...attempt)
    },
    tryAcquireAll: async (...attempt) => {
      attempts += 1
      return store.tryAcquireAll(...attempt)
    },
  }
  const locks = createLocks(backend, { clock: time.clock, maxWaiters: 1000 })
  const there = createLocks(memoryBackend({ store }), { clock: time.clock })
  const blocker = await there.named('a').acquire()
  let done = 0
  const all = Array.from({ length: 1000 }, async () => {
    const group = await allOf(locks, ['a', 'b']).acquire()
    done += 1
    await group.release()
  })
  await time.pass(10)
  expect(attempts).toBeLessThanOrEqual(2)
  await expect(allOf(locks, ['b', 'a']).acquire()).rejects.toMatchObject({ code: 'LIMIT_REACHED' })
  await blocker.release()
  await time.pass(1000)
  await Promise.all(all)
  expect(done).toBe(1000)
  await Promise.all([locks.close(), there.close()])
  expect(store.size).toBe(0)
})
