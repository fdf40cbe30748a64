import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { allOf, createLocks, type LockBackend, type Locks, resume, semaphore } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

const named = (locks: Locks) => locks.named('cron')

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** For how long, from the moment before the grant, the store keeps something. */
async function keptSince(granted: number, store: MemoryStore): Promise<number> {
  while (store.size > 0) await sleep(2)
  return performance.now() - granted
}

it('the next caller of this process waits for the time that a lease is to be held at least, and the work does not', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const lock = locks.named('cron')
  const started = performance.now()
  await lock.run({ minHoldMs: 500 }, () => undefined)
  // Resolved before the time is over.
  expect(await lock.tryAcquire()).toBeNull()
  const next = await lock.acquire()
  expect(performance.now() - started).toBeGreaterThan(495)
  await next.release()
})

it('work that takes longer than that is followed at once', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const lock = locks.named('cron')
  await lock.run({ minHoldMs: 5 }, () => new Promise((resolve) => setTimeout(resolve, 10)))
  expect(await lock.tryAcquire()).not.toBeNull()
})

it('counts from the grant, however long its answer was waited for', async () => {
  const store = new MemoryStore()
  const backend = memoryBackend({ store })
  let granted = 0
  const slow: LockBackend = {
    ...backend,
    async tryAcquire(claim, terms) {
      await sleep(150)
      granted = performance.now()
      return backend.tryAcquire(claim, terms)
    },
  }
  await using locks = createLocks(slow)
  const lease = await locks.named('cron').acquire({ minHoldMs: 200 })
  await lease.release()
  expect(await keptSince(granted, store)).toBeGreaterThan(195)
})

it.each([
  { how: 'its time is over', options: { ttlMs: 400, marginMs: 350, autoRenew: false } },
  { how: 'it was held for the longest time allowed', options: { ttlMs: 400, maxHoldMs: 50 } },
])('holds also where the lease is lost: $how', async ({ options }) => {
  const store = new MemoryStore()
  await using locks = createLocks(memoryBackend({ store }))
  const granted = performance.now()
  const lease = await locks.named('cron').acquire({ ...options, minHoldMs: 300 })
  await sleep(100)
  expect(await lease.release()).toBe('lost')
  expect(await keptSince(granted, store)).toBeGreaterThan(295)
})

it('does not hold what nobody has got, where one key of several cannot be taken', async () => {
  const store = new MemoryStore()
  const { tryAcquireAll: _, ...oneByOne } = memoryBackend({ store })
  await using locks = createLocks(oneByOne)
  await using others = createLocks(memoryBackend({ store }))
  await others.named('b').acquire()
  expect(await allOf(locks, ['a', 'b']).tryAcquire({ minHoldMs: 5000 })).toBeNull()
  expect(await others.named('a').tryAcquire()).not.toBeNull()
})

it('does not hold what nobody has got, where the grant crosses with an abort', async () => {
  const store = new MemoryStore()
  await using locks = createLocks(memoryBackend({ store }))
  const stop = new AbortController()
  const calledOff = allOf(locks, ['c', 'd']).acquire({ minHoldMs: 5000, signal: stop.signal })
  stop.abort(new Error('enough'))
  await expect(calledOff).rejects.toThrow('enough')
  await sleep(10)
  expect(store.size).toBe(0)
})

it('holds for a turn that was passed on inside the process, also where that ends at once', async () => {
  const store = new MemoryStore()
  const silent = { ...memoryBackend({ store }), renew: () => new Promise<never>(() => {}) }
  await using locks = createLocks(silent, { ttlMs: 400 })
  const lock = locks.named('cron', { autoRenew: false })
  const first = await lock.acquire()
  // Who has waited may pass it on.
  const second = lock.acquire()
  const third = lock.acquire({ minHoldMs: 400 })
  await first.release()
  await sleep(80)
  const passed = performance.now()
  await (await second).release()
  await third
  // Nothing more reaches the server.
  expect(await keptSince(passed, store)).toBeGreaterThan(390)
})

it.each([
  { what: 'the whole key', of: named },
  { what: 'a permit', of: (locks: Locks) => semaphore(locks, 'cron', 1) },
])(
  'holds for a turn that the server keeps for a moment at first, also where the process ends at once: $what',
  async ({ of }) => {
    const store = new MemoryStore()
    const memory = memoryBackend({ store })
    const brief: LockBackend = {
      ...memory,
      waitForTurn: async (claim, terms, signal) => memory.waitForTurn?.(claim, { ...terms, ttlMs: 300 }, signal),
      // Whoever has been granted its turn, and asks by itself, has it for the whole TTL.
      async tryAcquire(claim, terms) {
        await memory.renew([{ ...claim, ttlMs: terms.ttlMs }])
        return memory.tryAcquire(claim, terms)
      },
      // Nothing more reaches the server.
      renew: () => new Promise<never>(() => {}),
    }
    await using locks = createLocks(brief, { ttlMs: 1000, autoRenew: false })
    await using others = createLocks(memoryBackend({ store }))
    const held = await of(others).acquire()
    const next = of(locks).acquire({ minHoldMs: 900 })
    await sleep(20)
    const granted = performance.now()
    await held.release()
    await next
    expect(await keptSince(granted, store)).toBeGreaterThan(895)
  },
)

it('is not carried by a handle, nor put in by a default', async () => {
  const store = new MemoryStore()
  await using locks = createLocks(memoryBackend({ store }))
  await using other = createLocks(memoryBackend({ store }), { minHoldMs: 20_000 })
  const lease = await locks.named('cron').acquire({ ttlMs: 10_000 })
  const resumed = await resume(other, lease.handOff())
  await resumed?.release()
  expect(store.size).toBe(0)
})

it('is at most the TTL: nobody else keeps the key for a process that has ended', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  expect(() => locks.named('k', { ttlMs: 100, minHoldMs: 101 })).toThrow('minHoldMs must be at most ttlMs; got 101')
  expect(() => locks.named('k', { minHoldMs: -1 })).toThrow(RangeError)
})

it('does not keep the process from its end', async () => {
  const program = `
    import { createLocks } from '@leasehold/core'
    import { memoryBackend } from '@leasehold/core/memory'
    const lock = createLocks(memoryBackend()).named('cron')
    await lock.run({ ttlMs: 100_000, minHoldMs: 100_000 }, () => console.log('worked'))
  `
  const ran = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    cwd: join(import.meta.dirname, '..'),
    timeout: 60_000,
  })
  expect(ran.stdout).toBe('worked\n')
})
