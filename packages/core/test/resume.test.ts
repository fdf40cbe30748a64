import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { createLocks, type LeaseHandle, type LockBackend, resume, resumeAll, semaphore } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

/** The server acts at once; its answer to a renewal takes 20 ms. */
function slowAnswers() {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  const memory = memoryBackend({ store })
  const renew: LockBackend['renew'] = async (...renewal) => {
    const answers = await memory.renew(...renewal)
    await new Promise<void>((answered) => time.clock.setTimer(20, answered))
    return answers
  }
  const here = createLocks({ ...memory, renew }, { clock: time.clock, ttlMs: 30_000 })
  const there = createLocks(memoryBackend({ store }), { clock: time.clock, ttlMs: 30_000 })
  return { time, here, there }
}

it('a handle taken up twice at once is no lease for the second when the first has released it meanwhile', async () => {
  const { time, here, there } = slowAnswers()
  const handle = (await here.named('seat').acquire()).handOff()
  const resuming = resume(here, handle)
  await time.pass(20)
  const again = resume(here, handle)
  expect(await (await resuming)?.release()).toBe('released')
  const other = await there.named('seat').tryAcquire()
  await time.pass(20)
  const second = await again
  expect(other?.remainingMs).toBeGreaterThan(0)
  expect(second).toBeNull()
  await Promise.all([here.close(), there.close()])
})

it('a handle taken up twice at once is one lease, which ends for both', async () => {
  const { time, here, there } = slowAnswers()
  const handle = (await here.named('seat').acquire()).handOff()
  const both = [resume(here, handle), resume(here, handle)]
  await time.pass(20)
  const [one, other] = await Promise.all(both)
  expect(other?.fencingToken).toBe(one?.fencingToken)
  await one?.release()
  expect(other?.remainingMs).toBe(0)
  const third = resume(here, handle)
  await time.pass(20)
  expect(await third).toBeNull()
  await Promise.all([here.close(), there.close()])
})

it('a lease that was taken up here before is not handed off by others that are gone', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const leases = await Promise.all(['a', 'b'].map((key) => locks.named(key).acquire()))
  const handles = leases.map((lease) => lease.handOff())
  const [first, second] = await Promise.all(handles.map((handle) => resume(locks, handle)))
  await second?.release()
  expect(await resumeAll(locks, handles)).toBeNull()
  first?.assertHeld()
})

it('a handle that has lost what part it was for is no handle of the whole', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const two = semaphore(locks, 'k', 2)
  const { share: _, ...handle }: LeaseHandle = (await two.acquire()).handOff()
  const other = await two.acquire()
  expect(await resume(locks, handle)).toBeNull()
  other.assertHeld()
})

it('a handle of a part that is taken up twice is one lease, also where all of the key is still thought to be held here', async () => {
  let server = memoryBackend({ store: new MemoryStore() })
  const backend: LockBackend = {
    ...server,
    tryAcquire: (...attempt) => server.tryAcquire(...attempt),
    renew: (...renewals) => server.renew(...renewals),
    release: (...release) => server.release(...release),
  }
  await using here = createLocks(backend, { ttlMs: 30_000 })
  await here.named('k').acquire()
  // The server has lost its state.
  const store = new MemoryStore()
  server = memoryBackend({ store })
  await using there = createLocks(memoryBackend({ store }), { ttlMs: 30_000 })
  const handle = (await semaphore(there, 'k', 2).acquire()).handOff()
  const one = await resume(here, handle)
  const other = await resume(here, handle)
  await one?.release()
  expect(other?.fencingToken).toBe(one?.fencingToken)
  expect(other?.remainingMs).toBe(0)
})
