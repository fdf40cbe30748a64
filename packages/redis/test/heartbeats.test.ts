import { virtualTime } from '@leasehold/core/conformance'
import { expect, it } from 'vitest'
import { Heartbeats } from '../src/heartbeats.ts'
import { MOST_TOGETHER } from '../src/one-turn.ts'
import { REFRESH_MS } from '../src/waiting-times.ts'

/** So many who wait, and go on for as long as they like. What is noted is how many beat in one turn of the event loop. */
function waiting() {
  const { clock, pass } = virtualTime()
  const heartbeats = new Heartbeats(clock)
  const turns: { readonly atMs: number; count: number }[] = []
  const lastMs = new Map<number, number>()
  let longestMs = 0
  const begin = (id: number, group = 0) => {
    const { monotonicMs: nowMs } = clock.now()
    longestMs = Math.max(longestMs, nowMs - (lastMs.get(id) ?? nowMs))
    lastMs.set(id, nowMs)
    return heartbeats.next(group, () => {
      const { monotonicMs: atMs } = clock.now()
      const latest = turns.at(-1)
      if (latest?.atMs === atMs) latest.count += 1
      else turns.push({ atMs, count: 1 })
      begin(id, group)
    })
  }
  return { pass, turns, begin, longest: () => longestMs }
}

it('who come one after the other beat together before long, and each in time', async () => {
  const { pass, turns, begin, longest } = waiting()
  for (let id = 0; id < MOST_TOGETHER; id += 1) {
    begin(id)
    await pass(1)
  }
  await pass(10 * REFRESH_MS)
  expect(longest()).toBeLessThanOrEqual(REFRESH_MS)
  expect(turns.slice(-3).map(({ count }) => count)).toEqual([MOST_TOGETHER, MOST_TOGETHER, MOST_TOGETHER])
})

it('more than one script takes are several, and none of them beats late', async () => {
  const { pass, turns, begin, longest } = waiting()
  for (let id = 0; id < 3 * MOST_TOGETHER + 5; id += 1) {
    begin(id)
    await pass(7)
  }
  await pass(4 * REFRESH_MS)
  const before = turns.length
  await pass(10 * REFRESH_MS)
  expect(longest()).toBeLessThanOrEqual(REFRESH_MS)
  expect(turns.length - before).toBeLessThanOrEqual(5 * 11)
  expect(Math.max(...turns.map(({ count }) => count))).toBeLessThanOrEqual(MOST_TOGETHER)
})

it('who have nothing in common beat apart, and nobody beats who has left', async () => {
  const { pass, turns, begin } = waiting()
  begin(1, 0)
  await pass(1)
  begin(2, 1)
  const leave = begin(3, 1)
  leave()
  leave()
  await pass(REFRESH_MS)
  expect(turns).toEqual([
    { atMs: turns[0]?.atMs, count: 1 },
    { atMs: (turns[0]?.atMs ?? 0) + 1, count: 1 },
  ])
})
