import { describe, expect, it } from 'vitest'
import { EtcdError, type EtcdErrorCode } from '../src/errors.ts'
import { Revocations } from '../src/revocations.ts'

/** A time of the test's own, with one timer. */
class TestClock {
  #nowMs = 0
  #timer: { readonly atMs: number; readonly fire: () => void } | undefined

  get isSet(): boolean {
    return this.#timer !== undefined
  }

  now = () => ({ monotonicMs: this.#nowMs, wallMs: 0 })

  setTimer = (delayMs: number, fire: () => void) => {
    const timer = { atMs: this.#nowMs + delayMs, fire }
    this.#timer = timer
    return () => {
      if (this.#timer === timer) this.#timer = undefined
    }
  }

  /** And what follows from it. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms
    const timer = this.#timer
    if (timer !== undefined && timer.atMs <= this.#nowMs) {
      this.#timer = undefined
      timer.fire()
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** `answers`: to one revocation after another, the last one to all others, too. */
function revocations(...answers: (EtcdErrorCode | 'revoked')[]) {
  const clock = new TestClock()
  const asked: string[] = []
  const connection = {
    async revoke(leaseId: string) {
      asked.push(leaseId)
      const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? 'revoked'
      if (answer !== 'revoked') throw new EtcdError(answer, 'as told')
    },
  }
  return { clock, asked, answers, owed: new Revocations(connection, clock) }
}

describe('a revocation', () => {
  it('that was not answered, or not now, is asked for again until it is', async () => {
    const { clock, asked, owed } = revocations('DEADLINE_EXCEEDED', 'NO_LEADER', 'NOT_NOW', 'UNAVAILABLE', 'revoked')
    await owed.begin('7', 60_000)
    for (let times = 0; times < 10; times += 1) await clock.pass(1_000)
    expect(asked).toEqual(['7', '7', '7', '7', '7'])
  })

  it.each(['revoked', 'LEASE_GONE', 'PERMISSION_DENIED'] as const)('that was answered is over: %s', async (answer) => {
    const { clock, asked, owed } = revocations(answer)
    await owed.begin('7', 60_000)
    expect(asked).toEqual(['7'])
    expect(clock.isSet).toBe(false)
  })

  it('is not asked for any more once the etcd lease has run out by itself', async () => {
    const { clock, asked, owed } = revocations('UNAVAILABLE')
    await owed.begin('7', 3_000)
    for (let times = 0; times < 10; times += 1) await clock.pass(1_000)
    expect(asked).toEqual(['7', '7', '7'])
    expect(clock.isSet).toBe(false)
  })

  it('costs one request each time, however many there are, until etcd is back', async () => {
    const { clock, asked, answers, owed } = revocations('UNAVAILABLE')
    const all = Array.from({ length: 100 }, (_, i) => String(i))
    for (const leaseId of all) await owed.begin(leaseId, 60_000)
    for (let times = 0; times < 5; times += 1) await clock.pass(1_000)
    expect(asked.splice(0)).toHaveLength(100 + 5)
    answers.splice(0, 1, 'revoked')
    await clock.pass(1_000)
    expect(asked).toEqual(all)
    expect(clock.isSet).toBe(false)
  })

  it('is asked for once more at the end, and not after it', async () => {
    const { clock, asked, owed } = revocations('UNAVAILABLE')
    await owed.begin('7', 60_000)
    await owed.close()
    expect(asked).toEqual(['7', '7'])
    await owed.begin('8', 60_000)
    expect(asked).toEqual(['7', '7', '8'])
    expect(clock.isSet).toBe(false)
  })
})
