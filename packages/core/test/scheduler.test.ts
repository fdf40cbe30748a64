import { describe, expect, it } from 'vitest'
import type { Instant } from '../src/clock.ts'
import { virtualTime } from '../src/conformance/time.ts'
import { Scheduler, type Task } from '../src/scheduler.ts'

const at = (monotonicMs: number, wallMs = Number.POSITIVE_INFINITY): Instant => ({ monotonicMs, wallMs })

function recorder() {
  const fired: string[] = []
  const task = (name: string): Task => ({ fire: () => fired.push(name) })
  return { fired, task }
}

describe('the scheduler', () => {
  it('fires what is due, in the order of the due times, and nothing that was cancelled or moved', async () => {
    const time = virtualTime()
    const scheduler = new Scheduler(time.clock)
    const expected: number[] = []
    const fired: number[] = []
    // A fixed pseudo-random sequence: the heap sees every shape, and a failure repeats.
    let state = 12345
    const random = (below: number) => {
      state = (state * 1103515245 + 12345) % 2147483648
      return state % below
    }
    for (let index = 0; index < 2000; index += 1) {
      let dueMs = random(5000)
      const task: Task = { fire: () => fired.push(dueMs) }
      scheduler.schedule(task, at(dueMs))
      if (index % 3 === 0) {
        dueMs = random(5000)
        scheduler.schedule(task, at(dueMs))
      }
      if (index % 5 === 0) scheduler.cancel(task)
      else expected.push(dueMs)
    }
    await time.pass(5001)
    expect(fired).toEqual(expected.sort((a, b) => a - b))
  })

  it('fires at once what a jump of the wall clock has made due, whatever stands before it in the heap', async () => {
    const time = virtualTime()
    let wallAheadMs = 0
    const clock = {
      now: () => ({ ...time.clock.now(), wallMs: time.clock.now().monotonicMs + wallAheadMs }),
      setTimer: time.clock.setTimer.bind(time.clock),
    }
    const { fired, task } = recorder()
    const scheduler = new Scheduler(clock)
    scheduler.schedule(task('by the monotonic clock'), at(50_000))
    scheduler.schedule(task('by both clocks'), at(60_000, 60_000))
    await time.pass(10)
    wallAheadMs = 60_000
    await time.pass(1000)
    expect(fired).toEqual(['by both clocks'])
    await time.pass(50_000)
    expect(fired).toEqual(['by both clocks', 'by the monotonic clock'])
  })

  it('calls back once after each pass that fired something, with every due task fired', async () => {
    const time = virtualTime()
    const { fired, task } = recorder()
    const scheduler = new Scheduler(time.clock, () => fired.push('pass'))
    scheduler.schedule(task('a'), at(10))
    scheduler.schedule(task('b'), at(10))
    await time.pass(20)
    expect(fired).toEqual(['a', 'b', 'pass'])
  })

  it('fires in one pass what is due together, although the wall clock tells whole milliseconds', async () => {
    const time = virtualTime()
    const { monotonicMs, wallMs } = time.clock.now()
    const passes: string[][] = []
    const { fired, task } = recorder()
    const scheduler = new Scheduler(time.clock, () => void passes.push(fired.splice(0)))
    scheduler.schedule(task('seen early in a millisecond'), at(monotonicMs + 10.5, wallMs + 10.5))
    scheduler.schedule(task('seen late in it'), at(monotonicMs + 10.5, wallMs + 9.6))
    await time.pass(9)
    expect(passes).toEqual([])
    await time.pass(20)
    expect(passes.map((names) => names.length)).toEqual([2])
  })

  it('does not fire what another task of the same pass has cancelled', async () => {
    const time = virtualTime()
    const { fired, task } = recorder()
    const scheduler = new Scheduler(time.clock)
    const cancelled = task('cancelled')
    scheduler.schedule({ fire: () => scheduler.cancel(cancelled) }, at(10))
    scheduler.schedule(cancelled, at(10))
    await time.pass(20)
    expect(fired).toEqual([])
  })

  it('waits for what lies further away than a timer can reach', async () => {
    const delays: number[] = []
    const time = virtualTime()
    const setTimer = (delayMs: number, callback: () => void) => {
      delays.push(delayMs)
      return time.clock.setTimer(delayMs, callback)
    }
    const { fired, task } = recorder()
    const scheduler = new Scheduler({ now: () => time.clock.now(), setTimer })
    scheduler.schedule(task('in a month'), at(2_592_000_000))
    await time.pass(5000)
    expect(Math.max(...delays)).toBeLessThanOrEqual(2_147_483_647)
    expect(fired).toEqual([])
  })

  it('takes nothing any more after stop', async () => {
    const time = virtualTime()
    const { fired, task } = recorder()
    const scheduler = new Scheduler(time.clock)
    scheduler.schedule(task('before'), at(10))
    scheduler.stop()
    scheduler.schedule(task('after'), at(10))
    await time.pass(20)
    expect(fired).toEqual([])
  })
})
