import { expect, it } from 'vitest'
import { createLocks } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

it('who names no store shares one: two modules of a program exclude each other', async () => {
  await using here = createLocks(memoryBackend())
  await using there = createLocks(memoryBackend())
  const lease = await here.named('shared by default').acquire()
  expect(await there.named('shared by default').tryAcquire()).toBeNull()
  await lease.release()
  const next = await there.named('shared by default').tryAcquire()
  expect(next?.fencingToken).toBeGreaterThan(lease.fencingToken)
})

it('who names a store of his own excludes nobody else', async () => {
  await using here = createLocks(memoryBackend({ store: new MemoryStore() }))
  await using there = createLocks(memoryBackend())
  expect(await here.named('of its own').tryAcquire()).not.toBeNull()
  expect(await there.named('of its own').tryAcquire()).not.toBeNull()
})

it('a thousand keys that come and go leave no trace, and those that stay are found', async () => {
  const store = new MemoryStore()
  await using locks = createLocks(memoryBackend({ store }))
  const kept = [await locks.named('kept').acquire()]
  for (let index = 0; index < 1000; index += 1) {
    const lease = await locks.named(`key ${index}`).acquire()
    if (index % 100 === 0) kept.push(lease)
    else await lease.release()
  }
  expect(store.size).toBe(11)
  for (const { key } of kept) expect(await locks.named(key).tryAcquire()).toBeNull()
  for (const lease of kept) expect(await lease.release()).toBe('released')
  expect(store.size).toBe(0)
})
