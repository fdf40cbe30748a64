import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { Outstanding } from '../src/engine/outstanding.ts'
import { createLocks, type Locks } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'
import { Scheduler, type Task } from '../src/scheduler.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

it('timers that are numbers, as those of a browser, do', async () => {
  const { setTimeout } = globalThis
  vi.stubGlobal('setTimeout', (callback: () => void, ms: number) => Number(setTimeout(callback, ms)))
  let renewed = () => {}
  const renewal = new Promise<void>((resolve) => {
    renewed = resolve
  })
  const locks = createLocks(memoryBackend(), {
    ttlMs: 3000,
    onEvent: ({ type }) => void (type === 'renewed' && renewed()),
  })
  const lease = await locks.named('k').acquire()
  const waiting = locks.named('k').acquire({ waitMs: 60_000 })
  await renewal
  expect(lease.remainingMs).toBeGreaterThan(0)
  await lease.release()
  expect((await waiting).remainingMs).toBeGreaterThan(0)
  await locks.close()
})

describe('the timers of a test come to an end when all are run', () => {
  /** Runs them all with a lease held and another waited for. */
  async function runsAll(locks: Locks): Promise<void> {
    const lease = await locks.named('k').acquire()
    const waiting = locks.named('k').acquire({ waitMs: 5000 })
    vi.runAllTimers()
    await expect(waiting).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
    expect(lease.signal.aborted).toBe(true)
    vi.useRealTimers()
    await locks.close()
  }
  const open = () => createLocks(memoryBackend({ store: new MemoryStore() }), { ttlMs: 30_000 })

  it('by locks that were made under them', async () => {
    vi.useFakeTimers()
    await runsAll(open())
  })

  it('by locks that were made before', async () => {
    const locks = open()
    vi.useFakeTimers()
    await runsAll(locks)
  })
})

it('a wait that is longer than a timer can be keeps the process alive nevertheless', async () => {
  vi.useFakeTimers()
  const outstanding = new Outstanding()
  const isAlive = () => vi.getTimerCount() > 0
  outstanding.begin()
  await vi.advanceTimersByTimeAsync(2 ** 31)
  expect(isAlive()).toBe(true)
  outstanding.end()
  await vi.advanceTimersByTimeAsync(2 ** 31)
  expect(isAlive()).toBe(false)
  outstanding.begin()
  expect(isAlive()).toBe(true)
  outstanding.end()
  outstanding.stop()
})

it('a cancelled task is not kept alive by the place that it had among the timers', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { clock } = virtualTime()
  const scheduler = new Scheduler(clock)
  const tasks = Array.from({ length: 10 }, () => {
    const task: Task = { fire: () => {} }
    scheduler.after(1000, task)
    scheduler.cancel(task)
    return new WeakRef(task)
  })
  // What a reference was made to lives on until the turn is over.
  await new Promise(setImmediate)
  collect()
  expect(tasks.filter((task) => task.deref())).toEqual([])
  scheduler.stop()
})
