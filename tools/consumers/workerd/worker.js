// Timers are numbers here, and each belongs to the event that made it: locks are made where they are used.

import assert from 'node:assert/strict'
import { createLocks, isLeaseholdError } from '@leasehold/core'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'

export default {
  async test() {
    const seen = []
    const locks = createLocks(memoryBackend({ store: new MemoryStore() }), {
      ttlMs: 300,
      onEvent: ({ type }) => seen.push(type),
    })
    const lock = locks.named('seat:A1')
    const first = await lock.acquire()
    assert.equal(await lock.tryAcquire(), null)
    await assert.rejects(lock.acquire({ waitMs: 50 }), (error) => isLeaseholdError(error, 'ACQUIRE_TIMEOUT'))
    const waiting = lock.acquire({ waitMs: 10_000 })
    await until(() => seen.includes('renewed'))
    assert.equal(await first.release(), 'released')
    const second = await waiting
    assert.ok(second.fencingToken > first.fencingToken)
    await second.release()
    const lost = await lock.acquire({ ttlMs: 50, autoRenew: false })
    await new Promise((resolve) => lost.signal.addEventListener('abort', resolve))
    assert.deepEqual((await locks.close()).unreleased, [])
  },
}

async function until(condition) {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}
