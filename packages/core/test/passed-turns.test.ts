import { expect, it } from 'vitest'
import { createLocks, type Lock, type LockBackend, type Locks, resume } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** A lock for which somebody else stands before all who wait here: the first of them is granted the key with reserved tokens. */
async function contended(
  backend?: LockBackend,
  store = new MemoryStore(),
): Promise<{ locks: Locks; others: Locks; lock: Lock; begin(): Promise<unknown> }> {
  const locks = createLocks(backend ?? memoryBackend({ store }))
  const others = createLocks(memoryBackend({ store }))
  const held = await others.named('k').acquire()
  return { locks, others, lock: locks.named('k'), begin: () => held.release() }
}

it('work that has released its lease may take the lock again, behind the one that it was passed on to', async () => {
  const { lock, begin } = await contended()
  const again = lock.run(async (lease) => {
    await lease.release()
    return lock.run(() => 'again')
  })
  const other = lock.run(() => sleep(10))
  await begin()
  expect(await again).toBe('again')
  await other
})

it('what a work leaves behind may wait for the lock, while somebody has it to whom it was passed on', async () => {
  const { lock, begin } = await contended()
  let left: Promise<string> | undefined
  const first = lock.run(async () => {
    left = sleep(5).then(() => lock.run(() => 'later'))
  })
  const second = lock.run(() => sleep(20))
  await begin()
  await Promise.all([first, second])
  expect(await left).toBe('later')
})

it('work does not begin under a lease that close has taken back', async () => {
  const { locks, others, lock, begin } = await contended()
  const first = lock.acquire()
  let begun = false
  const second = lock.run(() => {
    begun = true
  })
  const rejected = expect(second).rejects.toMatchObject({ code: 'CLOSED' })
  await begin()
  const lease = await first
  await lease.release()
  await locks.close()
  await rejected
  expect(begun).toBe(false)
  expect(await others.named('k').inspect()).toEqual([])
})

it('a lease is held for maxHoldMs from when it began, not from when the one before it did', async () => {
  const { lock, begin } = await contended()
  const [first, second] = [lock.acquire(), lock.acquire({ maxHoldMs: 10_000 })]
  await begin()
  const lease = await first
  await sleep(40)
  await lease.release()
  expect((await second).remainingMs).toBeGreaterThan(9980)
})

it('a turn is not passed on to a caller whose signal has aborted in this very moment', async () => {
  const { lock, begin } = await contended()
  const controller = new AbortController()
  const first = lock.acquire()
  controller.signal.addEventListener('abort', async () => (await first).release())
  await begin()
  const lease = await first
  controller.signal.addEventListener('abort', () => void lease.release())
  const second = lock.acquire({ signal: controller.signal })
  controller.abort()
  await expect(second).rejects.toMatchObject({ name: 'AbortError' })
  const third = await lock.acquire()
  expect(third.fencingToken).toBeGreaterThan(lease.fencingToken)
})

it('what inspect shows is of one hold, also where this process was granted the key before the answer came', async () => {
  const store = new MemoryStore()
  const memory = memoryBackend({ store })
  const inspect = async (key: string) => {
    const found = store.inspect(key)
    await sleep(20)
    return found
  }
  await using locks = createLocks({ ...memory, inspect })
  await using others = createLocks(memoryBackend({ store }))
  const theirs = await others.named('k').acquire({ metadata: 'theirs' })
  const inspecting = locks.named('k').inspect()
  await theirs.release()
  await locks.named('k').acquire()
  expect(await inspecting).toMatchObject([{ fencingToken: theirs.fencingToken, metadata: 'theirs' }])
})

it('a lease that was taken up names its token, too: the server may not have been able to write it', async () => {
  const store = new MemoryStore()
  const memory = memoryBackend({ store })
  const renew: typeof memory.renew = async (renewals) => {
    const answers = await memory.renew(renewals.map(({ fencingToken: _, ...claim }) => claim))
    return answers.map((answer, index) => {
      const { fencingToken } = renewals[index] ?? {}
      return typeof answer === 'string' || !fencingToken ? answer : { ...answer, fencingToken }
    })
  }
  const { locks, lock, begin } = await contended({ ...memory, renew }, store)
  const [first, second] = [lock.acquire(), lock.acquire()]
  await begin()
  await (await first).release()
  const lease = await second
  const resumed = await resume(locks, lease.handOff())
  await resumed?.renew()
  expect(resumed?.fencingToken).toBe(lease.fencingToken)
  resumed?.assertHeld()
})

it.each([Number.NaN, '7'])('a grant that reserves %s tokens is no grant', async (reserved) => {
  const backend = memoryBackend({ store: new MemoryStore() })
  const tryAcquire: typeof backend.tryAcquire = async (...asked) =>
    ({ ...(await backend.tryAcquire(...asked)), reserved }) as never
  await using locks = createLocks({ ...backend, tryAcquire })
  await expect(locks.named('k').acquire()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
})
