import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { createLocks, type LockBackend, type LockEvent, resume } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

/** A server that answers one request after the other, 1 ms each, however many are sent at once. */
function oneAfterAnother(msEach = 1) {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  const memory = memoryBackend({ store })
  const seen = { requests: 0, underWay: 0, most: 0 }
  let freeAt = 0
  const served = async <T>(serve: () => Promise<T>) => {
    seen.requests += 1
    seen.underWay += 1
    seen.most = Math.max(seen.most, seen.underWay)
    const now = time.clock.now().monotonicMs
    freeAt = Math.max(freeAt, now) + msEach
    await new Promise<void>((turn) => time.clock.setTimer(freeAt - now, turn))
    seen.underWay -= 1
    return serve()
  }
  const { releaseAll: _, ...single } = memory
  const backend: LockBackend = { ...single, release: (...ending) => served(() => memory.release(...ending)) }
  return { time, store, memory, backend, seen }
}

it('closing with thousands of leases asks for few at once, and reports only what is not released', async () => {
  const { time, store, backend, seen } = oneAfterAnother()
  const locks = createLocks(backend, { clock: time.clock, requestTimeoutMs: 1000, maxLeases: 3000 })
  await Promise.all(Array.from({ length: 3000 }, (_, index) => locks.named(`k${index}`).acquire()))
  const closing = locks.close()
  await time.pass(10_000)
  const report = await closing
  expect(store.size).toBe(0)
  expect(report.released).toBe(3000)
  expect(report.unreleased).toEqual([])
  expect(seen.most).toBeLessThanOrEqual(64)
})

it('what is ended together is released together, where the backend can', async () => {
  const { time, store, memory, backend } = oneAfterAnother()
  const sizes: number[] = []
  let away = true
  const releaseAll: LockBackend['releaseAll'] = async (claims) => {
    sizes.push(claims.length)
    await new Promise<void>((answered) => time.clock.setTimer(1, answered))
    if (away && sizes.length < 3) throw new Error('connection reset')
    return memory.releaseAll?.(claims) ?? []
  }
  const locks = createLocks({ ...backend, releaseAll }, { clock: time.clock })
  await Promise.all(Array.from({ length: 2000 }, (_, index) => locks.named(`k${index}`).acquire()))
  const closing = locks.close()
  await time.pass(3000)
  away = false
  expect(await closing).toMatchObject({ released: 2000, unreleased: [] })
  expect(store.size).toBe(0)
  expect(sizes.length).toBeLessThan(12)
  expect(Math.max(...sizes)).toBe(500)
})

it('a release that names the next waiter does not queue behind others', async () => {
  const { time, backend, seen } = oneAfterAnother(100)
  const locks = createLocks(backend, { clock: time.clock })
  const leases = await Promise.all(Array.from({ length: 70 }, (_, index) => locks.named(`k${index}`).acquire()))
  const hot = await locks.named('hot').acquire()
  const next = locks.named('hot').acquire()
  const releasing = leases.map((lease) => lease.release().catch(() => {}))
  const sent = seen.requests
  void hot.release().catch(() => {})
  expect(seen.requests).toBe(sent + 1)
  await time.pass(60_000)
  await Promise.all(releasing)
  await next
  const closing = locks.close()
  await time.pass(10_000)
  await closing
})

it('a lease that many renewals in a row cannot save tells its jeopardy once, and anew after one that succeeds', async () => {
  const time = virtualTime()
  const memory = memoryBackend({ store: new MemoryStore({ clock: time.clock }) })
  const told: string[] = []
  let away = true
  const renew: LockBackend['renew'] = async (...renewal) => {
    if (away) throw new Error('connection refused')
    return memory.renew(...renewal)
  }
  const onEvent = ({ type }: LockEvent) => void (type !== 'acquired' && told.push(type))
  const locks = createLocks({ ...memory, renew }, { clock: time.clock, ttlMs: 9000, onEvent })
  await locks.named('k').acquire()
  await time.pass(6000)
  expect(told).toEqual(['jeopardy'])
  away = false
  await time.pass(1000)
  expect(told).toEqual(['jeopardy', 'renewed'])
  away = true
  await time.pass(20_000)
  expect(told.slice(2)).toEqual(['jeopardy', 'lost', 'withdrawn'])
  await locks.close()
})

it('a release without an answer is not repeated late where the handle may have been taken up anew', async () => {
  const time = virtualTime()
  const memory = memoryBackend({ store: new MemoryStore({ clock: time.clock }) })
  let away = false
  const release: LockBackend['release'] = async (...ending) => {
    if (away) throw new Error('not sent')
    return memory.release(...ending)
  }
  const locks = createLocks({ ...memory, release }, { clock: time.clock, ttlMs: 5000, requestTimeoutMs: 200 })
  const handle = (await locks.named('k').acquire()).handOff()
  const first = await resume(locks, handle)
  away = true
  const ending = expect(first?.release()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  await time.pass(1000)
  await ending
  const second = await resume(locks, handle)
  away = false
  await time.pass(10_000)
  expect(second?.remainingMs).toBeGreaterThan(0)
  expect(await locks.named('k').inspect()).toHaveLength(1)
  await locks.close()
})

/** A server on which claims live as long as anybody renews anything: many share one lease there. */
it.each(['release', 'abandoned attempt'] as const)(
  'a %s that never reached the server is repeated until it does, within one TTL',
  async (what) => {
    const time = virtualTime()
    const store = new MemoryStore({ clock: time.clock })
    const memory = memoryBackend({ store })
    let away = false
    const release: LockBackend['release'] = async (...ending) => {
      if (away) throw new Error('not sent')
      return memory.release(...ending)
    }
    const tryAcquire: LockBackend['tryAcquire'] = async (claim, terms) => {
      const answer = await memory.tryAcquire(claim, { ...terms, ttlMs: 1e9 })
      if (away) throw new Error('no answer')
      return { ...answer, ttlMs: terms.ttlMs }
    }
    const { name, capabilities, renew } = memory
    const locks = createLocks(
      { name, capabilities, tryAcquire, renew, release },
      { clock: time.clock, ttlMs: 5000, requestTimeoutMs: 200 },
    )
    const lease = what === 'release' ? await locks.named('k').acquire() : undefined
    away = true
    const ending = expect(lease ? lease.release() : locks.named('k').acquire()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    await time.pass(1000)
    await ending
    expect(store.size).toBe(1)
    away = false
    await time.pass(4000)
    expect(store.size).toBe(0)
    await locks.close()
  },
)
