const { readFileSync } = require('node:fs')
const { allOf, createLocks, election, isLeaseholdError } = require('@leasehold/core')
const { MemoryStore, memoryBackend } = require('@leasehold/core/memory')

const open = (options) => createLocks(memoryBackend({ store: new MemoryStore() }), options)

afterEach(() => {
  jest.useRealTimers()
})

test('a lock is had, waited for and given back', async () => {
  const locks = open()
  const lock = locks.named('k')
  const first = await lock.acquire({ ttlMs: 5000 })
  const waiting = lock.acquire()
  expect(await lock.tryAcquire()).toBeNull()
  expect(await first.release()).toBe('released')
  const second = await waiting
  expect(second.fencingToken > first.fencingToken).toBe(true)
  await second.release()
  expect((await locks.close()).unreleased).toEqual([])
})

test('signals are those of the environment', async () => {
  const locks = open()
  const held = await locks.named('k').acquire({ signal: new AbortController().signal })
  expect(held.signal).toBeInstanceOf(AbortSignal)
  const controller = new AbortController()
  const waiting = locks.named('k').acquire({ signal: controller.signal })
  controller.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  const both = await allOf(locks, ['a', 'b']).acquire()
  expect(both.signal.aborted).toBe(false)
  for await (const leader of election(locks, 'leader').observe({ signal: new AbortController().signal })) {
    expect(leader).toBeNull()
    break
  }
  await held.release()
  await both.release()
  await locks.close()
})

/** Made by Node itself, whose `Error` is another than that of a test. */
function errorOfNode() {
  try {
    return readFileSync('/no/such/file')
  } catch (error) {
    return error
  }
}

test('the code of an error of Node survives', async () => {
  const fails = async () => {
    throw errorOfNode()
  }
  const locks = createLocks({ ...memoryBackend(), tryAcquire: fails, release: fails })
  const error = await locks
    .named('k')
    .tryAcquire()
    .catch((thrown) => thrown)
  expect(isLeaseholdError(error, 'BACKEND_UNAVAILABLE')).toBe(true)
  expect(error.cause).toMatchObject({ code: 'ENOENT' })
  expect(error.cause.message).toMatch(/^ENOENT/)
  await locks.close()
})

for (const made of ['before', 'after']) {
  test(`timers of a test come to an end, with locks made ${made} them`, async () => {
    const early = made === 'before' ? open({ ttlMs: 30_000 }) : undefined
    jest.useFakeTimers()
    const locks = early ?? open({ ttlMs: 30_000 })
    const lease = await locks.named('k').acquire()
    const waiting = locks.named('k').acquire({ waitMs: 5000 })
    const outcome = waiting.catch((error) => error.code)
    jest.runAllTimers()
    expect(await outcome).toBe('ACQUIRE_TIMEOUT')
    expect(lease.signal.aborted).toBe(true)
    jest.useRealTimers()
    await locks.close()
  })
}

test('a lease is renewed while the clock of a test goes on', async () => {
  jest.useFakeTimers()
  const locks = open({ ttlMs: 3000 })
  const lease = await locks.named('k').acquire()
  await jest.advanceTimersByTimeAsync(60_000)
  expect(lease.remainingMs).toBeGreaterThan(0)
  expect(await lease.release()).toBe('released')
  await jest.runAllTimersAsync()
  await locks.close()
})
