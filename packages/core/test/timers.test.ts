import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, it, vi } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { createLocks } from '../src/index.ts'
import { memoryBackend } from '../src/memory/index.ts'
import { Scheduler, type Task } from '../src/scheduler.ts'

afterEach(() => {
  vi.unstubAllGlobals()
})

it('timers that are numbers, as those of a browser, do', async () => {
  const real = { setTimeout: globalThis.setTimeout, setInterval: globalThis.setInterval }
  vi.stubGlobal('setTimeout', (callback: () => void, ms: number) => Number(real.setTimeout(callback, ms)))
  vi.stubGlobal('setInterval', (callback: () => void, ms: number) => Number(real.setInterval(callback, ms)))
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
