import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import type { Claim } from '@leasehold/core'
import { expect, it } from 'vitest'
import { attemptOf } from '../src/answers.ts'
import { Line } from '../src/line.ts'
import { anywhere, partsOf } from '../src/parts.ts'
import type { Hear, Subscription } from '../src/turns.ts'
import { claimOn, terms } from './claims.ts'

/** One wait whose answers, whose time, and what it hears, the test tells. */
function waitTold({ isListening = true, listening = Promise.resolve() } = {}) {
  const told = {
    nowMs: 0,
    isListening,
    listening,
    beat: () => {},
    hear: (() => {}) as Hear,
    /** What was asked, to be answered. */
    asked: [] as ((answer: string) => void)[],
  }
  const clock = {
    now: () => ({ monotonicMs: told.nowMs, wallMs: told.nowMs }),
    setTimer(_: number, fire: () => void) {
      told.beat = fire
      return () => {}
    },
  }
  const subscription: Subscription = {
    process: 'p',
    since: 0,
    listening: () => told.listening,
    get isListening() {
      return told.isListening
    },
    expect(_, hear) {
      told.hear = hear
      return () => {}
    },
    unheard: () => {},
  }
  const turns = { subscriptionTo: () => subscription, close: async () => {} }
  const join = async () => attemptOf(await new Promise<string>((resolve) => told.asked.push(resolve)), 60_000)
  const none = async () => {}
  const reach = {
    scripts: { run: none, grant: none, close: none },
    turns,
    partsOf: <C extends Claim>(claims: readonly C[]) => partsOf(claims, anywhere),
  }
  const line = new Line(reach, join, clock, 'n:', false)
  const stop = new AbortController()
  const turn = line.wait(claimOn('moved'), terms(), stop.signal)
  return { told, stop, turn }
}

it('a turn that another node tells is counted by the clock of that node', async () => {
  const { told, turn } = waitTold()
  await turnOfTheLoop()
  told.asked[0]?.(' 5000 1000 1')
  await turnOfTheLoop()
  // The key moves. The clock over there is a minute ahead.
  told.isListening = false
  told.nowMs = 450
  told.beat()
  await turnOfTheLoop()
  // Granted at 500, told at 900, and the answer that put the claim in line, at 455, comes last.
  told.nowMs = 900
  told.hear({ grant: { granted: true, fencingToken: 1n, ttlMs: 1500 }, serverMs: 61_500 })
  told.asked[1]?.(' 5000 61455 1')
  expect((await turn)?.since?.monotonicMs).toBeLessThanOrEqual(500)
})

it('who has given up by the time that he can listen again does not stand in line any more', async () => {
  const { told, stop, turn } = waitTold()
  await turnOfTheLoop()
  told.asked[0]?.(' 5000 1000 1')
  await turnOfTheLoop()
  let listensAgain = () => {}
  told.isListening = false
  told.listening = new Promise((resolve) => {
    listensAgain = resolve
  })
  told.beat()
  stop.abort()
  expect(await turn).toBeUndefined()
  listensAgain()
  await turnOfTheLoop()
  expect(told.asked).toHaveLength(1)
})

it('who cannot listen, and nobody says why, is told to try from time to time', async () => {
  const { told, turn } = waitTold({ isListening: false, listening: new Promise(() => {}) })
  await turnOfTheLoop()
  told.beat()
  expect(await turn).toBeUndefined()
  expect(told.asked).toEqual([])
})
