import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { createLocks } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

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
