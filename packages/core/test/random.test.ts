import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { createLocks } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

it('a source of numbers that gives none stops neither waits nor renewals', async () => {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  const others = createLocks(memoryBackend({ store }), { clock: time.clock })
  const locks = createLocks(memoryBackend({ store }), { clock: time.clock, random: () => Number.NaN })
  await others.named('busy').acquire()
  const lease = await locks.named('own').acquire({ ttlMs: 300 })
  const timedOut = expect(locks.named('busy').acquire({ waitMs: 200 })).rejects.toMatchObject({
    code: 'ACQUIRE_TIMEOUT',
  })
  await time.pass(1000)
  await timedOut
  lease.assertHeld()
  await Promise.all([locks.close(), others.close()])
})
