import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { allOf, createLocks, election, forceRelease, type LockBackend, list, semaphore } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

it.each([{ waitMs: 5000 }, { signal: AbortSignal.abort() }, { whenHeld: 'wait' }])(
  'a single attempt refuses what only a wait could heed: %o',
  async (options) => {
    await using locks = createLocks(memoryBackend())
    await expect(locks.named('k').tryAcquire(options as object)).rejects.toThrow('no option')
    await expect(allOf(locks, ['k']).tryAcquire(options as object)).rejects.toThrow('no option')
    expect(() => locks.named('k', options as object)).toThrow('no option')
  },
)

it('options of one call are refused as defaults for all', () => {
  expect(() => createLocks(memoryBackend(), { signal: AbortSignal.abort() } as object)).toThrow('no option signal')
  expect(() => createLocks(memoryBackend(), { metadata: {} } as object)).toThrow('no option metadata')
})

it.each([2, true, 'me', null])('what is no object is no options: %o', async (options) => {
  const store = new MemoryStore()
  await using locks = createLocks(memoryBackend({ store }))
  const permits = semaphore(locks, 'k', 5)
  const leadership = election(locks, 'leader')
  await expect(permits.tryAcquire(options as never)).rejects.toThrow('options must be an object')
  await expect(permits.acquire(options as never)).rejects.toThrow('options must be an object')
  await expect(permits.run(options as never, () => 1)).rejects.toThrow('options must be an object')
  await expect(leadership.campaign(options as never)).rejects.toThrow('options must be an object')
  await expect(leadership.run(options as never, () => 1)).rejects.toThrow('options must be an object')
  await expect(leadership.observe(options as never).next()).rejects.toThrow('options must be an object')
  await expect(leadership.observe({ signal: options as never }).next()).rejects.toThrow('signal must be an object')
  expect(store.size).toBe(0)
})

it.each(['\0', 'a\0b', '\ud83d', 'a\udd12b'])('what no server can carry is refused before: %j', async (text) => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  await expect(list(locks, { prefix: text })).rejects.toThrow(TypeError)
  await expect(forceRelease(locks, 'k', { reason: text })).rejects.toThrow(TypeError)
})

it('Infinity lifts a default for a wait, and for a longest hold', async () => {
  const time = virtualTime()
  const locks = createLocks(memoryBackend({ store: new MemoryStore({ clock: time.clock }) }), {
    clock: time.clock,
    waitMs: 20,
    maxHoldMs: 50,
  })
  const lease = await locks.named('k').acquire({ maxHoldMs: Number.POSITIVE_INFINITY })
  const waiting = locks.named('k').acquire({ waitMs: Number.POSITIVE_INFINITY })
  await time.pass(60_000)
  expect(lease.remainingMs).toBeGreaterThan(0)
  await lease.release()
  expect((await waiting).remainingMs).toBeGreaterThan(0)
  await locks.close()
})

it.each([
  [{ waitMs: 5000 }, 'granted'],
  [{ waitMs: 5000, whenUnreachable: 'throw' }, 'BACKEND_UNAVAILABLE'],
  [{}, 'BACKEND_UNAVAILABLE'],
  [{ whenUnreachable: 'wait' }, 'granted'],
] as const)('an outage is waited for or not, as the caller says: %o: %s', async (options, outcome) => {
  const time = virtualTime()
  const memory = memoryBackend({ store: new MemoryStore({ clock: time.clock }) })
  let failures = 3
  const tryAcquire: LockBackend['tryAcquire'] = async (...attempt) => {
    failures -= 1
    if (failures >= 0) throw new Error('connection refused')
    return memory.tryAcquire(...attempt)
  }
  const { name, capabilities, renew, release } = memory
  const locks = createLocks({ name, capabilities, renew, release, tryAcquire }, { clock: time.clock })
  const acquiring = locks
    .named('k')
    .acquire(options)
    .then(
      () => 'granted',
      ({ code }) => code,
    )
  await time.pass(3000)
  expect(await acquiring).toBe(outcome)
  await locks.close()
})

it('a TTL below the smallest of the backend does not cut its requests short', async () => {
  const time = virtualTime()
  const memory = memoryBackend({ store: new MemoryStore({ clock: time.clock }) })
  const tryAcquire: LockBackend['tryAcquire'] = async (claim, terms) => {
    await new Promise<void>((arrived) => time.clock.setTimer(100, arrived))
    return memory.tryAcquire(claim, { ...terms, ttlMs: 2000 })
  }
  const capabilities = { ...memory.capabilities, minTtlMs: 2000 }
  const locks = createLocks({ ...memory, capabilities, tryAcquire }, { clock: time.clock })
  const acquiring = locks.named('k').acquire({ ttlMs: 50, autoRenew: false })
  await time.pass(100)
  expect((await acquiring).remainingMs).toBeGreaterThan(1000)
  await locks.close()
})

/** As those of another realm and of polyfills are: the shape, and no instance of ours; this one is from a time before reasons. */
function foreignSignal() {
  const emitter = new EventEmitter()
  const signal = {
    aborted: false,
    addEventListener: (type: string, listener: () => void) => emitter.on(type, listener),
    removeEventListener: (type: string, listener: () => void) => emitter.off(type, listener),
  }
  const abort = () => {
    signal.aborted = true
    emitter.emit('abort')
  }
  return { signal: signal as unknown as AbortSignal, abort, listeners: () => emitter.listenerCount('abort') }
}

it('a signal of another realm stops a wait', async () => {
  await using locks = createLocks(memoryBackend())
  const { signal, abort, listeners } = foreignSignal()
  const lease = await locks.named('k').acquire({ signal })
  const waiting = locks.named('k').acquire({ signal })
  expect(listeners()).toBe(1)
  abort()
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' })
  await expect(locks.named('k').acquire({ signal })).rejects.toMatchObject({ name: 'AbortError' })
  await expect(allOf(locks, ['k', 'l']).acquire({ signal })).rejects.toMatchObject({ name: 'AbortError' })
  expect(listeners()).toBe(0)
  await lease.release()
})

it('a signal must have the shape of one', async () => {
  await using locks = createLocks(memoryBackend())
  await expect(locks.named('k').acquire({ signal: {} as AbortSignal })).rejects.toThrow(TypeError)
})

it('many listeners at the signal of a lease, or of a group, are no leak', async () => {
  const warnings: string[] = []
  const note = ({ message }: Error) => void warnings.push(message)
  process.on('warning', note)
  await using locks = createLocks(memoryBackend())
  const lease = await locks.named('k').acquire()
  const group = await allOf(locks, ['a', 'b']).acquire()
  for (let index = 0; index < 40; index += 1) {
    lease.signal.addEventListener('abort', () => {})
    group.signal.addEventListener('abort', () => {})
  }
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', note)
  expect(warnings).toEqual([])
})
