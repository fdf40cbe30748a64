import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { Line } from '../src/line.ts'
import type { Hear, Subscription } from '../src/turns.ts'
import { claimOn, terms } from './claims.ts'

it('a turn that another node tells is counted by the clock of that node', async () => {
  let nowMs = 0
  let heard = true
  let beat = () => {}
  let hear: Hear = () => {}
  const clock = {
    now: () => ({ monotonicMs: nowMs, wallMs: nowMs }),
    setTimer(_: number, fire: () => void) {
      beat = fire
      return () => {}
    },
  }
  const subscription: Subscription = {
    process: 'p',
    since: 0,
    listening: async () => {},
    get isListening() {
      return heard
    },
    expect(_, told) {
      hear = told
      return () => {}
    },
    unheard: () => {},
  }
  const turns = { subscriptionTo: () => subscription, close: async () => {} }
  const asked: ((answer: string) => void)[] = []
  const grant = () => new Promise<unknown>((resolve) => asked.push(resolve))
  const line = new Line({ scripts: { run: grant, grant, close: async () => {} }, turns }, clock, 'n:', false)

  const turn = line.wait(claimOn('moved'), terms(), new AbortController().signal)
  await turnOfTheLoop()
  asked[0]?.(' 5000 1000 1')
  await turnOfTheLoop()
  // The key moves. The clock over there is a minute ahead.
  heard = false
  nowMs = 450
  beat()
  await turnOfTheLoop()
  // Granted at 500, told at 900, and the answer that put the claim in line, at 455, comes last.
  nowMs = 900
  hear({ grant: { granted: true, fencingToken: 1n, ttlMs: 1500 }, serverMs: 61_500 })
  asked[1]?.(' 5000 61455 1')
  expect((await turn)?.since?.monotonicMs).toBeLessThanOrEqual(500)
})
