import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { createLocks, type LockBackend } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

async function leaseOnServerThatIsAway(forMs: number) {
  const time = virtualTime()
  const memory = memoryBackend({ store: new MemoryStore({ clock: time.clock }) })
  let backAt = 0
  const release: LockBackend['release'] = async (claim, next) => {
    if (time.clock.now().monotonicMs < backAt) throw new Error('connection refused')
    return memory.release(claim, next)
  }
  const locks = createLocks({ ...memory, release }, { clock: time.clock, requestTimeoutMs: 2000 })
  const lease = await locks.named('a').acquire()
  backAt = time.clock.now().monotonicMs + forMs
  return { time, locks, lease }
}

it('finds a server again that is away for a moment: the key is not left to its TTL', async () => {
  const { time, locks, lease } = await leaseOnServerThatIsAway(900)
  const ending = lease.release()
  await time.pass(2000)
  expect(await ending).toBe('released')
  expect(await locks.named('a').tryAcquire()).toBeDefined()
  await locks.close()
})

it('gives up within the time for a request where it stays away', async () => {
  const { time, locks, lease } = await leaseOnServerThatIsAway(60_000)
  const ending = lease.release().catch((error) => error)
  await time.pass(2000)
  const known = await Promise.race([ending, 'still trying'])
  expect(known).toMatchObject({ code: 'BACKEND_UNAVAILABLE', cause: { message: 'connection refused' } })
  await time.pass(60_000)
  await locks.close()
})
