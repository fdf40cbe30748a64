import type { Clock } from '@leasehold/core'
import { describe, expect, it } from 'vitest'
import { type Ballots, decided, isWorthWaiting } from '../src/quorum/round.ts'

/** A clock that is set by hand. */
function handClock() {
  let nowMs = 0
  const timers = new Set<{ readonly dueMs: number; readonly fire: () => void }>()
  const clock: Clock = {
    now: () => ({ monotonicMs: nowMs, wallMs: nowMs }),
    setTimer(delayMs, fire) {
      const timer = { dueMs: nowMs + delayMs, fire }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
  const set = async (ms: number) => {
    nowMs = ms
    for (const timer of timers) {
      if (timer.dueMs > nowMs) continue
      timers.delete(timer)
      timer.fire()
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, set, armed: () => timers.size }
}

/** Three nodes that answer when told to, and a question that is settled by two who say the same. */
function question() {
  const { clock, set, armed } = handClock()
  const answers: ((answer: string) => void)[] = []
  const asked = [0, 1, 2].map(() => new Promise<string>((resolve) => void answers.push(resolve)))
  const decide = (ballots: Ballots<string>, late: boolean) => {
    const said = ballots.flatMap((ballot) => (ballot && 'answer' in ballot ? [ballot.answer] : []))
    const same = said.find((answer, index) => said.indexOf(answer) !== index)
    if (same !== undefined) return same
    return isWorthWaiting(ballots, late) ? undefined : 'unclear'
  }
  let outcome: string | undefined
  void decided(asked, 100, clock, decide).then((decision) => {
    outcome = decision
  })
  const at = async (ms: number, index?: number, answer?: string) => {
    await set(ms)
    if (index !== undefined) answers[index]?.(String(answer))
    await set(ms)
    return outcome
  }
  return { at, armed }
}

describe('a question to three nodes', () => {
  it('is decided without the one that is silent when the time is over', async () => {
    const { at, armed } = question()
    expect(await at(10, 0, 'yes')).toBeUndefined()
    expect(await at(20, 1, 'no')).toBeUndefined()
    expect(await at(99)).toBeUndefined()
    expect(await at(100)).toBe('unclear')
    expect(armed()).toBe(0)
  })

  it('waits for the last as half as long again, where the way to the others took longer than the time', async () => {
    const { at, armed } = question()
    await at(150)
    await at(200, 0, 'yes')
    expect(await at(200, 1, 'no')).toBeUndefined()
    expect(await at(290, 2, 'yes')).toBe('yes')
    expect(armed()).toBe(0)
  })

  it('does not wait for ever for the last', async () => {
    const { at, armed } = question()
    await at(150)
    await at(200, 0, 'yes')
    await at(200, 1, 'no')
    expect(await at(299)).toBeUndefined()
    expect(await at(300)).toBe('unclear')
    expect(armed()).toBe(0)
  })

  it('waits as long as it takes for a majority to say something', async () => {
    const { at } = question()
    await at(150)
    await at(5_000, 0, 'yes')
    expect(await at(60_000)).toBeUndefined()
    expect(await at(60_001, 1, 'yes')).toBe('yes')
  })
})
