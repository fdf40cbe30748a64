import type { Claim, Clock, Contended, Grant, Inspection, Renewal, RenewedClaim, Terms } from '@leasehold/core'
import { LeaseholdError } from '@leasehold/core'
import { type Ask, type Kept, LAST_ATTEMPT, type QuorumNode, type Refusal, type Stake, type Vote } from './node.ts'
import { NodeClocks } from './node-clocks.ts'
import { rankOfClaim } from './rank.ts'
import { inspectionsIn, releasesIn, renewalsIn } from './readings.ts'
import { type Ballots, decided, openIn } from './round.ts'
import { type Verdict, verdictOn } from './verdict.ts'

/** To agree on a token takes one more round, or another where a node has met a greater one meanwhile. */
const MOST_DISAGREEMENTS = 8
/** Of a token that is raised beside others, at most, for each time that it was. */
const LEAD_US = 10_000
/** For those who lose a split vote to give way, before they are asked again: doubled each time, up to this. */
const LONGEST_INSISTENCE_MS = 16
/** A split vote settles within moments: until then, ask again before long, but not all at once. */
const SPLIT_PAUSE_MS = 5
const SPLIT_JITTER_MS = 20
/** No node is given up sooner. */
const LEAST_TIMEOUT_MS = 50

export interface QuorumOptions {
  /** How long a node may take to answer before the others decide without it. */
  readonly nodeTimeoutMs: number
  /** A restarted node does not count for so long; undefined where nodes forget nothing. */
  readonly maxTtlMs: number | undefined
  /** From 0 to below 1. */
  readonly random: () => number
}

interface Election {
  readonly verdict: Verdict
  readonly ballots: Ballots<Vote | Refusal>
}

/**
 * Decides by the majority of independent nodes. Two majorities share a node, and a node keeps a key for one claim at a time, or for several that share it, under tokens that only increase:
 * docs/adr has the proof.
 */
export class Quorum {
  readonly #nodes: readonly QuorumNode[]
  readonly #clock: Clock
  readonly #options: QuorumOptions
  readonly #clocks: NodeClocks
  /** A second attempt of one claim would raise the token under the first. */
  readonly #attempts = new Map<string, Promise<unknown>>()
  #attemptCount = 0
  /** Learns the nodes' clocks, and teaches them the scripts: the others need not do the same all at once. */
  #first: Promise<unknown> | undefined
  /** For each question whose answers are still coming in, the holders that let go meanwhile. */
  readonly #underWay = new Set<Set<string>>()

  constructor(nodes: readonly QuorumNode[], clock: Clock, options: QuorumOptions) {
    this.#nodes = nodes
    this.#clock = clock
    this.#options = options
    this.#clocks = new NodeClocks(clock)
  }

  async tryAcquire(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    if (this.#isTooLong(terms.ttlMs)) throw this.#tooLong(claim.key, terms.ttlMs)
    const before = this.#attempts.get(claim.holder) ?? this.#first ?? Promise.resolve()
    const attempt = before.then(() => this.#attempt(claim, terms))
    const settled = attempt.catch(() => {})
    this.#first ??= settled
    this.#attempts.set(claim.holder, settled)
    try {
      return await attempt
    } finally {
      if (this.#attempts.get(claim.holder) === settled) this.#attempts.delete(claim.holder)
    }
  }

  /** A TTL that is too long, of a claim that came from elsewhere, is refused. Beside others, it is unknown what becomes of the claim. */
  async renew(renewals: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    const fitting = renewals.filter(({ ttlMs }) => !this.#isTooLong(ttlMs))
    const [first] = renewals
    if (first !== undefined && fitting.length === 0) throw this.#tooLong(first.key, first.ttlMs)
    const answers = fitting.length === 0 ? [] : await this.#renewTogether(fitting)
    const renewed = new Map(fitting.map((claim, index) => [claim, answers[index]]))
    return renewals.map((claim) => renewed.get(claim) ?? 'unknown')
  }

  /**
   * A node that lost what the majority has just renewed, or has another token, keeps it again; one that keeps what is gone lets it go. Within half of the shortest TTL: until then the claims that
   * were not let go are certain to be held, and nobody else can have them.
   */
  async #renewTogether(claims: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    const shortestMs = Math.min(...claims.map(({ ttlMs }) => ttlMs))
    const timeoutMs = this.#timeoutMs(shortestMs / 4)
    const untilMs = this.#clocks.nowMs + shortestMs / 2
    const asked = this.#nodes.map((node) => node.renew(claims))
    const letGo = this.#lettingGo(asked)
    const renewals = await decided(asked, timeoutMs, this.#clock, (ballots, late) =>
      renewalsIn(ballots, late, claims.length),
    )
    for (const [index, answer] of asked.entries()) {
      const node = this.#nodes[index] as QuorumNode
      const mend = (stakes: readonly (Stake | undefined)[]) => {
        const { left, lost } = damageOf(claims, stakes, renewals)
        const held = this.#clocks.nowMs < untilMs ? lost.filter(({ claim }) => !letGo.has(claim.holder)) : []
        return Promise.all([
          ...left.map((claim) => node.withdraw(claim, LAST_ATTEMPT)),
          held.length > 0 && node.restore(held),
        ])
      }
      answer.then(mend).catch(() => {})
    }
    return renewals
  }

  /** Who lets go until all of these are answered. */
  #lettingGo(asked: readonly Promise<unknown>[]): ReadonlySet<string> {
    const letGo = new Set<string>()
    this.#underWay.add(letGo)
    void Promise.allSettled(asked).then(() => this.#underWay.delete(letGo))
    return letGo
  }

  async release(claim: Claim): Promise<boolean> {
    const [ended] = await this.releaseAll([claim])
    return ended === true
  }

  releaseAll(claims: readonly Claim[]): Promise<readonly boolean[]> {
    for (const letGo of this.#underWay) for (const { holder } of claims) letGo.add(holder)
    const asked = this.#nodes.map((node) => node.release(claims))
    return decided(asked, this.#options.nodeTimeoutMs, this.#clock, (ballots, late) =>
      releasesIn(ballots, late, claims.length),
    )
  }

  async inspect(key: string): Promise<readonly Inspection[]> {
    const asked = this.#nodes.map((node) => node.inspect(key))
    return decided(asked, this.#options.nodeTimeoutMs, this.#clock, inspectionsIn)
  }

  async #attempt(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    this.#attemptCount += 1
    const attempt = this.#attemptCount
    const { verdict, ballots } = await this.#elect(claim, terms, attempt)
    if (verdict.type === 'granted') return grantOf(verdict.stake)
    await this.#withdraw(claim, attempt, ballots)
    if (verdict.type === 'silent') throw verdict.error
    if (verdict.type === 'contended') return verdict.answer
    return { granted: false, remainingMs: SPLIT_PAUSE_MS + this.#options.random() * SPLIT_JITTER_MS }
  }

  async #elect(claim: Claim, terms: Terms, attempt: number): Promise<Election> {
    const startMs = this.#clocks.nowMs
    const timeoutMs = this.#timeoutMs(terms.ttlMs / 2)
    let proposal = this.#clocks.proposal()
    let disagreements = 0
    let pauseMs = 1
    for (;;) {
      const election = await this.#round(claim, terms, { proposal, raise: disagreements > 0, attempt }, timeoutMs)
      const { verdict } = election
      if (verdict.type === 'disagreed' && disagreements < MOST_DISAGREEMENTS) {
        disagreements += 1
        proposal = this.#clocks.proposal(verdict.highest + this.#lead(claim, disagreements))
      } else if (verdict.type === 'insist' && this.#clocks.nowMs - startMs < timeoutMs) {
        await this.#pause(pauseMs)
        pauseMs = Math.min(LONGEST_INSISTENCE_MS, pauseMs * 2)
      } else return election
    }
  }

  /** Others may be raising theirs at the same time. The greatest is the same at every node, in whichever order they come: so each goes ahead, and farther each time. */
  #lead({ share }: Claim, disagreements: number): bigint {
    return share ? BigInt(Math.floor(this.#options.random() * disagreements * LEAD_US)) : 0n
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.setTimer(ms, resolve))
  }

  async #round(claim: Claim, terms: Terms, ask: Ask, timeoutMs: number): Promise<Election> {
    const rank = rankOfClaim(claim)
    const sentMs = this.#clocks.nowMs
    const asked = this.#nodes.map(async (node, index) => {
      const answer = await node.vote(claim, terms, ask)
      this.#clocks.heard(index, sentMs, answer.clockUs)
      return answer
    })
    const election = await decided(asked, timeoutMs, this.#clock, (ballots, late) => {
      const verdict = verdictOn(ballots, late, rank)
      return verdict && { verdict, ballots: [...ballots] }
    })
    if (election.verdict.type === 'granted')
      this.#agree({ ...claim, ttlMs: terms.ttlMs }, election.verdict.stake, asked)
    return election
  }

  /** A node that was not heard before may have met a greater token: it takes that of the majority, or it would be of no use to this claim. Within half of the TTL, as at a renewal. */
  #agree(claim: RenewedClaim, { token }: Stake, asked: readonly Promise<Vote | Refusal>[]): void {
    const untilMs = this.#clocks.nowMs + claim.ttlMs / 2
    const letGo = this.#lettingGo(asked)
    for (const [index, answer] of asked.entries()) {
      const mend = (vote: Vote | Refusal) => {
        const differs = vote.granted && vote.token !== token
        if (differs && this.#clocks.nowMs < untilMs && !letGo.has(claim.holder))
          return this.#nodes[index]?.restore([{ claim, token }])
      }
      answer.then(mend).catch(() => {})
    }
  }

  /** From every node that may keep the key for the claim. Only those that do, and say so, are waited for. */
  async #withdraw(claim: Claim, attempt: number, ballots: Ballots<Vote | Refusal>): Promise<void> {
    const kept: Promise<unknown>[] = []
    for (const [index, ballot] of ballots.entries()) {
      const answer = ballot !== undefined && 'answer' in ballot ? ballot.answer : undefined
      if (answer?.granted === false) continue
      const withdrawn = this.#nodes[index]?.withdraw(claim, attempt).catch(() => {}) ?? Promise.resolve()
      if (answer !== undefined) kept.push(withdrawn)
    }
    const allSaid = (said: Ballots<unknown>, late: boolean) => (late || openIn(said) === 0 ? true : undefined)
    await decided(kept, this.#options.nodeTimeoutMs, this.#clock, allSaid)
  }

  #timeoutMs(shareOfTtlMs: number): number {
    return Math.max(LEAST_TIMEOUT_MS, Math.min(this.#options.nodeTimeoutMs, shareOfTtlMs))
  }

  #isTooLong(ttlMs: number): boolean {
    const { maxTtlMs } = this.#options
    return maxTtlMs !== undefined && ttlMs > maxTtlMs
  }

  #tooLong(key: string, ttlMs: number): LeaseholdError {
    const message = `a quorum with maxTtlMs ${this.#options.maxTtlMs} does not hold ${JSON.stringify(key)} for ${ttlMs} ms`
    return new LeaseholdError('UNSUPPORTED', message, { key })
  }
}

const grantOf = ({ token, ttlMs }: Stake): Grant => ({ granted: true, fencingToken: token, ttlMs })

/** Where one node differs from what a majority says: `lost` there, `left` there. */
function damageOf(
  claims: readonly RenewedClaim[],
  stakes: readonly (Stake | undefined)[],
  renewals: readonly Renewal[],
): { readonly lost: readonly Kept[]; readonly left: readonly Claim[] } {
  const lost: Kept[] = []
  const left: Claim[] = []
  for (const [index, claim] of claims.entries()) {
    const [renewal, stake] = [renewals[index], stakes[index]]
    if (renewal === 'gone' && stake !== undefined) left.push(claim)
    if (typeof renewal === 'object' && renewal.fencingToken !== stake?.token)
      lost.push({ claim, token: renewal.fencingToken })
  }
  return { lost, left }
}
