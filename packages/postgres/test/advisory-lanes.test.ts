import { Lateness, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it, type Mock, onTestFinished, vi } from 'vitest'
import { Lanes } from '../src/advisory/lanes.ts'
import { openAdvisory, standing, wants } from './advisory.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

function open(name: string) {
  const { locks } = openAdvisory(url, name, { schema, pollMs: MINUTE_MS })
  onTestFinished(() => void locks.close())
  return locks
}

type Locks = ReturnType<typeof open>

/** Others who take the key again and again, so that somebody stands in line for it all the time. */
async function busy(key: string): Promise<void> {
  let isOver = false
  let turns = 0
  onTestFinished(() => {
    isOver = true
  })
  for (const locks of [open('busy one'), open('busy other')])
    for (let callers = 0; callers < 4; callers += 1)
      void (async () => {
        while (!isOver) {
          await locks.named(key).run(() => new Promise((resolve) => setTimeout(resolve, 5)))
          turns += 1
        }
      })().catch(() => {})
  await until('they take turns', () => turns > 50)
}

/** How long it takes to have some turns, on average. */
async function turnMs(locks: Locks, key: string): Promise<number> {
  const sinceMs = performance.now()
  for (let turns = 0; turns < 4; turns += 1)
    await locks.named(key).run({ waitMs: MINUTE_MS }, () => new Promise((resolve) => setTimeout(resolve, 5)))
  return (performance.now() - sinceMs) / 4
}

describe('a process that waits for more keys than it has sessions to wait on', () => {
  it('has its turn at a key that others want all the time, while it stands by for two that are held for long', async () => {
    const [holder, locks] = [open('leads'), open('stands by')]
    for (const key of ['leader 1', 'leader 2']) {
      await holder.named(key).acquire({ ttlMs: MINUTE_MS })
      wants(locks, key)
    }
    await until('it stands by', async () => (await standing(pool, 'stands by')) === 2)
    await busy('hot')
    const lateness = Lateness.watch()
    // A second in line of every two.
    expect(await turnMs(locks, 'hot')).toBeLessThan(2500 + lateness.allowanceMs())
    await until('it stands by still', async () => (await standing(pool, 'stands by')) === 2)
  })

  it('has it while it holds what it has waited for', async () => {
    const [holder, locks] = [open('led'), open('leads now')]
    const keys = ['lead 1', 'lead 2', 'lead 3']
    const before = await Promise.all(keys.map((key) => holder.named(key).acquire({ ttlMs: MINUTE_MS })))
    const waiting = keys.map((key) => locks.named(key).acquire({ ttlMs: MINUTE_MS, waitMs: MINUTE_MS }))
    await until('it stands in line', async () => (await standing(pool, 'leads now')) > 0)
    for (const lease of before) await lease.release()
    const leases = await Promise.all(waiting)
    await busy('hotter')
    const lateness = Lateness.watch()
    expect(await turnMs(locks, 'hotter')).toBeLessThan(1000 + lateness.allowanceMs())
    for (const lease of leases) lease.assertHeld()
  })
})

describe('sessions to wait on', () => {
  /** Lanes, of which a test says what they are at. */
  function stubs() {
    const all: {
      isFree: boolean
      isWaiting: boolean
      freeSinceMs: number
      retune(): unknown
      endIfOverdue(): void
      close: Mock
    }[] = []
    const called: string[] = []
    const lanes = new Lanes(
      (_, gone) => {
        const close = vi.fn(async () => gone())
        const lane = {
          isFree: false,
          isWaiting: true,
          freeSinceMs: 0,
          pid: 7,
          retune: () => lane,
          endIfOverdue() {},
          close,
        }
        all.push(lane)
        return lane as never
      },
      (id) => void called.push(id),
    )
    const become = (index: number, state: 'free' | 'waiting' | 'holding') => {
      const lane = all[index] ?? expect.fail('there is no such lane')
      Object.assign(lane, { isFree: state === 'free', isWaiting: state === 'waiting', freeSinceMs: performance.now() })
      lanes.offer()
    }
    /** It could not be opened. */
    const fail = (index: number) => {
      const lane = all[index] ?? expect.fail('there is no such lane')
      Object.assign(lane, { pid: undefined, isWaiting: false })
      lane.close()
    }
    return { lanes, all, called, become, fail }
  }

  it('are given to those who want one in the order in which they came, not to who had one just now', () => {
    const { lanes, all, called, become } = stubs()
    for (const id of ['a', 'b', 'c', 'd']) lanes.for(id, 1000, false)
    expect([all.length, lanes.isAwaited]).toEqual([2, true])
    become(0, 'free')
    expect(called).toEqual(['c'])
    expect(lanes.for('a', 1000, false)).toBeUndefined()
    expect(lanes.for('d', 1000, false)).toBeUndefined()
    expect(lanes.for('c', 1000, false)).toBe(all[0])
    become(0, 'waiting')
    lanes.leave('d')
    called.length = 0
    become(1, 'holding')
    expect(called).toEqual(['a'])
    expect(lanes.for('a', 1000, false)).toBe(all[2])
    expect(lanes.isAwaited).toBe(false)
  })

  it('are sixteen at most, with those on which something is held', () => {
    const { lanes, all, become } = stubs()
    for (let index = 0; index < 16; index += 1) {
      expect(lanes.for(`held ${index}`, 1000, false)).toBe(all[index])
      become(index, 'holding')
    }
    expect(lanes.for('one more', 1000, false)).toBeUndefined()
    expect(lanes.for('behind readers', 1000, true)).toBeUndefined()
    become(3, 'free')
    expect(lanes.for('one more', 1000, false)).toBe(all[3])
  })

  it('are tried again a second after one could not be opened, also where the timer is early', () => {
    onTestFinished(() => void vi.useRealTimers())
    // The clock stands still, as far as these timers are concerned.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { lanes, all, called, fail } = stubs()
    lanes.for('a', 1000, false)
    fail(0)
    expect([lanes.for('a', 1000, false), called]).toEqual([undefined, []])
    vi.advanceTimersByTime(1000)
    expect(called).toEqual(['a'])
    expect(lanes.for('a', 1000, false)).toBe(all[1])
  })

  it('are closed when they were not needed for a while, but for two', async () => {
    onTestFinished(() => void vi.useRealTimers())
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const { lanes, all, become } = stubs()
    for (let index = 0; index < 4; index += 1) {
      lanes.for(`held ${index}`, 1000, false)
      become(index, 'holding')
    }
    for (let index = 0; index < 4; index += 1) become(index, 'free')
    await vi.advanceTimersByTimeAsync(9_000)
    become(3, 'holding')
    become(3, 'free')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(all.map(({ close }) => close.mock.calls.length)).toEqual([0, 0, 1, 0])
    await vi.advanceTimersByTimeAsync(20_000)
    expect(all.map(({ close }) => close.mock.calls.length)).toEqual([0, 0, 1, 1])
    await lanes.close()
  })
})
