import type { Claim, Contended, LockBackend, Renewal, Share } from '@leasehold/core'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'
import { Lateness, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, permits, SHARED, shareOf } from './claims.ts'
import { startStanding } from './standing.ts'

const standing = await startStanding()
const { ask, open } = standing
afterAll(standing.stop)

const SHARES = [undefined, SHARED, SHARED, permits(4), permits(4, 3), permits(2)]

/** A generator of Lehmer: numbers from 0 to below 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

/** One key at two backends, which are asked the same. */
class Twins {
  readonly #key: string
  readonly #backends: readonly [LockBackend, LockBackend]
  readonly #terms = new Map<string, string>()
  readonly #claims: Claim[] = []
  /** Until they are ended: those that have the key by now are no longer in line. */
  readonly #waiting = new Map<Claim, readonly [AbortController, AbortController]>()

  constructor(key: string, backends: readonly [LockBackend, LockBackend]) {
    this.#key = key
    this.#backends = backends
  }

  get claims(): readonly Claim[] {
    return this.#claims
  }

  claim(share: Share | undefined): Claim {
    const claim = share ? shareOf(this.#key, share) : claimOn(this.#key)
    this.#terms.set(claim.holder, String(this.#claims.length))
    this.#claims.push(claim)
    return claim
  }

  async tryAcquire(claim: Claim): Promise<void> {
    const [model, tested] = await this.#both((backend) => backend.tryAcquire(claim, this.#termsOf(claim)))
    expect(slotsOf(tested)).toEqual(slotsOf(model))
  }

  async wait(claim: Claim): Promise<void> {
    const aborts = [new AbortController(), new AbortController()] as const
    this.#waiting.set(claim, aborts)
    const [model, tested] = this.#backends
    void model.waitForTurn?.(claim, this.#termsOf(claim), aborts[0].signal)
    const turn = tested.waitForTurn?.(claim, this.#termsOf(claim), aborts[1].signal)
    // A turn is kept for a moment, until it is confirmed.
    void turn?.then((grant) => grant && tested.renew([{ ...claim, ttlMs: 60_000 }]))
    const shown = await model.inspect?.(this.#key)
    if (shown?.some(({ metadata }) => metadata === this.#terms.get(claim.holder))) await turn
    await this.#settle()
  }

  /** One after another in the model; at the server in one batch, of one kind of scripts. */
  async end(claims: readonly Claim[]): Promise<void> {
    const [model, tested] = this.#backends
    const expected: boolean[] = []
    for (const claim of claims) {
      this.#waiting.get(claim)?.[0].abort()
      expected.push(await model.release(claim))
    }
    for (const claim of claims) {
      this.#waiting.get(claim)?.[1].abort()
      this.#waiting.delete(claim)
    }
    const [claim] = claims as [Claim]
    const ended = claims.length > 1 ? await tested.releaseAll?.(claims) : [await tested.release(claim)]
    expect(ended).toEqual(expected)
  }

  async renew(claims: readonly Claim[]): Promise<void> {
    const renewals = claims.map((claim) => ({ ...claim, ttlMs: 60_000 }))
    const answers = await this.#both((backend) => backend.renew(renewals))
    const [model, tested] = answers.map((each) =>
      each.map((one) => (typeof one === 'object' ? (one.slots ?? []) : one)),
    )
    expect(tested).toEqual(model)
  }

  /** Who has what, in the order of tokens. */
  async compare(): Promise<void> {
    await this.#settle()
    const [model, tested] = await this.#both(async (backend) => {
      const holds = (await backend.inspect?.(this.#key)) ?? []
      const byToken = [...holds].sort((one, other) => (one.fencingToken < other.fencingToken ? -1 : 1))
      return byToken.map(({ metadata, share, slots }) => ({ metadata, share, slots }))
    })
    expect(tested).toEqual(model)
  }

  /** Until as many stand in line at the server as in the model. */
  async #settle(): Promise<void> {
    const [model] = this.#backends
    const held = new Set((await model.inspect?.(this.#key))?.map(({ metadata }) => metadata))
    const waits = ({ holder }: Claim) => !held.has(this.#terms.get(holder))
    const length = [...this.#waiting.keys()].filter(waits).length
    const { queue } = keyNames('leasehold:', this.#key)
    await until('they stand in line', async () => Number(await ask('llen', queue)) === length)
  }

  #termsOf({ holder }: Claim) {
    return { ttlMs: 60_000, metadata: this.#terms.get(holder) }
  }

  async #both<Answer>(askOne: (backend: LockBackend) => Promise<Answer>): Promise<[Answer, Answer]> {
    const [model, tested] = this.#backends
    return [await askOne(model), await askOne(tested)]
  }
}

/** Which slots were granted, if anything was. */
const slotsOf = (answer: Renewal | Contended) => {
  if (typeof answer === 'string') return answer
  return answer.granted ? (answer.slots ?? 'no slots') : 'contended'
}

/** What is asked next, of the claims of late or of a new one. */
function step(twins: Twins, random: () => number): Promise<void> {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const die = random()
  const recent = twins.claims.slice(-12)
  if (recent.length === 0 || die < 0.2) return twins.tryAcquire(twins.claim(pick(SHARES)))
  if (die < 0.5) return twins.wait(twins.claim(pick(SHARES)))
  if (die < 0.8) return twins.end([pick(recent)])
  const claim = pick(recent)
  if (die < 0.85) return twins.end(recent.filter(({ share }) => !share === !claim.share))
  return die < 0.95 ? twins.tryAcquire(claim) : twins.renew([claim, pick(recent)])
}

async function compareAll(seed: number): Promise<void> {
  const random = randomFrom(seed * 7_919)
  const twins = new Twins(`model ${seed}`, [memoryBackend({ store: new MemoryStore() }), open()])
  for (let count = 0; count < 120; count += 1) {
    await step(twins, random)
    await twins.compare()
  }
  for (const claim of twins.claims) await twins.end([claim])
  await twins.compare()
}

/** A waiter, or a turn that is not confirmed, is forgotten by then. */
const LIFE_MS = 1400
const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1)

describe('shares and whole keys are granted as the memory backend grants them, whatever is asked:', () => {
  for (const seed of SEEDS)
    it.concurrent(`seed ${seed}`, async ({ skip }) => {
      const lateness = Lateness.watch()
      await compareAll(seed).catch((error: unknown) => {
        if (lateness.allowanceMs() > 10 * LIFE_MS) skip('the machine was too late')
        throw error
      })
    })
})
