import { afterEach, beforeEach, expect, it } from 'vitest'
import { createLocks, forceRelease, type Lease, type Locks, semaphore, stats } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

let store: MemoryStore
let locks: Locks
let others: Locks
/** Requests of `locks`, but for renewals. */
let requests: number

/** Resolves later than whatever is settled now, and what follows from that. */
const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve))

beforeEach(() => {
  store = new MemoryStore()
  requests = 0
  const memory = memoryBackend({ store })
  const counted =
    <Args extends unknown[], Answer>(operation: (...args: Args) => Answer) =>
    (...args: Args): Answer => {
      requests += 1
      return operation(...args)
    }
  locks = createLocks({
    ...memory,
    tryAcquire: counted(memory.tryAcquire),
    release: counted(memory.release),
    waitForTurn: counted(memory.waitForTurn as NonNullable<typeof memory.waitForTurn>),
  })
  others = createLocks(memoryBackend({ store }))
})

afterEach(async () => {
  await Promise.all([locks.close(), others.close()])
  expect(store.size).toBe(0)
})

/** Two permits of which `others` have both while so many callers come for one. */
async function crowd(count: number, take = 1) {
  const held = await semaphore(others, 'k', 2).acquire({ permits: 2 })
  const order: number[] = []
  const tokens = new Map<number, bigint[]>([
    [0, []],
    [1, []],
  ])
  const callers = Array.from({ length: count }, async (_, index) => {
    const lease = await semaphore(locks, 'k', 2).acquire({ permits: take })
    order.push(index)
    for (const slot of lease.slots) tokens.get(slot)?.push(lease.fencingToken)
    await turnOfTheLoop()
    await lease.release()
  })
  await turnOfTheLoop()
  return { held, order, tokens, callers }
}

it('permits are passed on in the order of those who wait, under tokens that increase in each slot, with fewer requests than turns', async () => {
  const { held, order, tokens, callers } = await crowd(100)
  requests = 0
  await held.release()
  await Promise.all(callers)
  expect(order).toEqual(Array.from({ length: 100 }, (_, index) => index))
  for (const drawn of tokens.values()) expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => (a < b ? -1 : 1)))
  expect(requests).toBeLessThan(60)
  expect(stats(locks)).toMatchObject({ leases: 0, waiting: 0 })
})

it('several at once are passed on together', async () => {
  const { held, order, callers } = await crowd(20, 2)
  requests = 0
  await held.release()
  await Promise.all(callers)
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index))
  expect(requests).toBeLessThan(40)
})

it('who wants more of them than one gives back has his turn, too', async () => {
  const { held, order, callers } = await crowd(50)
  const pairs = [locks, others].map(async (each) => (await semaphore(each, 'k', 2).acquire({ permits: 2 })).release())
  await held.release()
  await Promise.all([...pairs, ...callers])
  expect(order).toHaveLength(50)
})

it('who stands in line at the server for more than is free is passed by as few as for a whole key', async () => {
  const { held, order, callers } = await crowd(100)
  let before = 0
  const all = semaphore(others, 'k', 2)
    .acquire({ permits: 2 })
    .then((lease) => {
      before = order.length
      return lease.release()
    })
  await turnOfTheLoop()
  await held.release()
  await all
  expect(before).toBeLessThanOrEqual(8)
  await Promise.all(callers)
})

it('who gives up is passed by, and leaves no place in line behind', async () => {
  const held = await semaphore(others, 'k', 1).acquire()
  const abort = new AbortController()
  const taking = semaphore(locks, 'k', 1)
  const [first, second, third] = [
    taking.acquire(),
    taking.acquire({ signal: abort.signal }),
    taking.acquire({ waitMs: 60_000 }),
  ]
  await turnOfTheLoop()
  await held.release()
  const lease = await first
  abort.signal.addEventListener('abort', () => void lease.release())
  abort.abort(new Error('enough'))
  await expect(second).rejects.toThrow('enough')
  const next = await third
  expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
  await next.release()
  expect(stats(locks)).toMatchObject({ leases: 0, waiting: 0 })
  await (await semaphore(others, 'k', 1).acquire()).release()
})

it('what is asked for otherwise is asked of the server', async () => {
  const held = await semaphore(others, 'k', 3).acquire({ permits: 3 })
  const asked = [
    () => semaphore(locks, 'k', 3).acquire(),
    () => semaphore(locks, 'k', 2).acquire(),
    () => semaphore(locks, 'k', 3).acquire({ permits: 2 }),
    () => semaphore(locks, 'k', 3).acquire({ ttlMs: 5_000 }),
    () => semaphore(locks, 'k', 3).acquire({ metadata: 'shown' }),
  ]
  const leases: Lease[] = []
  const callers = asked.map(async (ask) => {
    const lease = await ask()
    leases.push(lease)
    const shown = await locks.named('k').inspect()
    const own = shown.find(({ fencingToken }) => fencingToken === lease.fencingToken)
    expect(own?.slots).toEqual(lease.slots)
    await lease.release()
  })
  await turnOfTheLoop()
  await held.release()
  await Promise.all(callers)
  expect(leases.map(({ slots }) => slots.length).sort()).toEqual([1, 1, 1, 1, 2])
})

it('one permit is not passed on to who asks for two', async () => {
  const held = await semaphore(others, 'k', 2).acquire({ permits: 2 })
  const [first, second] = [semaphore(locks, 'k', 2).acquire(), semaphore(locks, 'k', 2).acquire({ permits: 2 })]
  await turnOfTheLoop()
  await held.release()
  await (await first).release()
  const lease = await second
  expect(lease.slots).toEqual([0, 1])
  await lease.release()
})

it('a slot is not passed on to who asks for one below it', async () => {
  const [low, high] = [await semaphore(others, 'k', 2).acquire(), await semaphore(others, 'k', 2).acquire()]
  const first = semaphore(locks, 'k', 2).acquire()
  await turnOfTheLoop()
  const second = semaphore(locks, 'k', 1).acquire()
  await high.release()
  const lease = await first
  expect(lease.slots).toEqual([1])
  await lease.release()
  await low.release()
  expect((await second).slots).toEqual([0])
  await (await second).release()
})

it('in its own process a permit that was passed on is seen under its token', async () => {
  const held = await semaphore(others, 'k', 1).acquire()
  const [first, second] = [semaphore(locks, 'k', 1).acquire(), semaphore(locks, 'k', 1).acquire()]
  await turnOfTheLoop()
  await held.release()
  await (await first).release()
  const lease = await second
  await turnOfTheLoop()
  expect(stats(locks), 'nobody stands in line for one who has got what he wanted').toMatchObject({
    leases: 1,
    waiting: 0,
  })
  expect(await locks.named('k').inspect()).toMatchObject([{ fencingToken: lease.fencingToken, slots: [0] }])
  await lease.renew()
  expect(await others.named('k').inspect()).toMatchObject([{ fencingToken: lease.fencingToken, slots: [0] }])
  await lease.release()
})

it('a slot that the server gave to another of this process is not passed on by who had it', async () => {
  const held = await semaphore(others, 'k', 1).acquire()
  const [first, second, third] = [1, 2, 3].map(() => semaphore(locks, 'k', 1).acquire()) as [
    Promise<Lease>,
    Promise<Lease>,
    Promise<Lease>,
  ]
  await turnOfTheLoop()
  await held.release()
  const overtaken = await first
  await forceRelease(others, 'k', { reason: 'stuck' })
  const lease = await second
  expect(await overtaken.release()).toBe('lost')
  await turnOfTheLoop()
  expect(stats(locks)).toMatchObject({ leases: 1, waiting: 1 })
  await lease.release()
  const next = await third
  expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
  await next.release()
})
