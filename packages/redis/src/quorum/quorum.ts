import type { Claim, Clock, Contended, Grant, Inspection, Renewal, Terms } from '@leasehold/core'
import { LeaseholdError } from '@leasehold/core'
import type { QuorumNode, Refusal, Stake, Vote } from './node.ts'
import { NodeClocks } from './node-clocks.ts'
import { rankOf } from './rank.ts'
import { inspectionIn, releaseIn, renewalsIn } from './readings.ts'
import { type Ballots, decided, openIn } from './round.ts'
import { split, type Verdict, verdictOn } from './verdict.ts'

/** One for the votes, one to agree on the token, and some to wait in for those who lose a split vote. */
const MOST_ROUNDS = 8
/** No node is given up sooner. */
const LEAST_TIMEOUT_MS = 50

export interface QuorumOptions {
  /** How long a node may take to answer before the others decide without it. */
  readonly nodeTimeoutMs: number
  /** A restarted node does not count for so long; undefined where nodes forget nothing. */
  readonly maxTtlMs: number | undefined
}

interface Election {
  readonly verdict: Verdict
  readonly ballots: Ballots<Vote | Refusal>
}

/**
 * Decides by the majority of independent nodes. Two majorities share a node, and a node keeps a key for one claim at a time, under tokens that only increase:
 * docs/adr has the proof.
 */
export class Quorum {
  readonly #nodes: readonly QuorumNode[]
  readonly #clock: Clock
  readonly #options: QuorumOptions
  readonly #clocks: NodeClocks
  /** A second attempt of one claim would raise the token under the first. */
  readonly #attempts = new Map<string, Promise<unknown>>()
  /** Learns the nodes' clocks, and teaches them the scripts: the others need not do the same all at once. */
  #first: Promise<unknown> | undefined

  constructor(nodes: readonly QuorumNode[], clock: Clock, options: QuorumOptions) {
    this.#nodes = nodes
    this.#clock = clock
    this.#options = options
    this.#clocks = new NodeClocks(clock)
  }

  async tryAcquire(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    this.#assertTtl(claim.key, terms.ttlMs)
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

  async renew(claims: readonly Claim[], ttlMs: number): Promise<readonly Renewal[]> {
    if (claims.length === 0) return []
    this.#assertTtl(claims[0]?.key ?? '', ttlMs)
    const timeoutMs = this.#timeoutMs(ttlMs / 4)
    const untilMs = this.#clocks.nowMs + timeoutMs
    const asked = this.#nodes.map((node) => node.renew(claims, ttlMs))
    const renewals = await decided(asked, timeoutMs, this.#clock, (ballots, late) =>
      renewalsIn(ballots, late, claims.length),
    )
    for (const [index, answer] of asked.entries()) {
      const node = this.#nodes[index] as QuorumNode
      answer.then((stakes) => this.#mend(node, claims, stakes, renewals, ttlMs, untilMs)).catch(() => {})
    }
    return renewals
  }

  release(claim: Claim): Promise<boolean> {
    const asked = this.#nodes.map((node) => node.release(claim))
    return decided(asked, this.#options.nodeTimeoutMs, this.#clock, releaseIn)
  }

  async inspect(key: string): Promise<Inspection | null> {
    const asked = this.#nodes.map((node) => node.inspect(key))
    const { inspection } = await decided(asked, this.#options.nodeTimeoutMs, this.#clock, inspectionIn)
    return inspection
  }

  async #attempt(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    const { verdict, ballots } = await this.#elect(claim, terms)
    if (verdict.type === 'granted') return grantOf(verdict.stake)
    await this.#withdraw(claim, ballots)
    if (verdict.type === 'silent') throw verdict.error
    return verdict.type === 'contended' ? verdict.answer : split()
  }

  async #elect(claim: Claim, terms: Terms): Promise<Election> {
    const startMs = this.#clocks.nowMs
    const timeoutMs = this.#timeoutMs(terms.ttlMs / 2)
    let proposal = this.#clocks.proposal()
    let raise = false
    for (let round = 1; ; round += 1) {
      const election = await this.#round(claim, terms, proposal, raise, timeoutMs)
      const { verdict } = election
      const impatient = verdict.type === 'insist' && this.#clocks.nowMs - startMs >= timeoutMs
      const undecided = verdict.type === 'disagreed' || verdict.type === 'insist'
      if (!undecided || impatient || round === MOST_ROUNDS) return election
      if (verdict.type === 'disagreed') {
        proposal = this.#clocks.proposal(verdict.highest)
        raise = true
      }
    }
  }

  #round(claim: Claim, terms: Terms, proposal: bigint, raise: boolean, timeoutMs: number): Promise<Election> {
    const rank = rankOf(claim.holder)
    const sentMs = this.#clocks.nowMs
    const asked = this.#nodes.map(async (node, index) => {
      const answer = await node.vote(claim, terms, proposal, raise)
      this.#clocks.heard(index, sentMs, answer.clockUs)
      return answer
    })
    return decided(asked, timeoutMs, this.#clock, (ballots, late) => {
      const verdict = verdictOn(ballots, late, rank)
      return verdict && { verdict, ballots: [...ballots] }
    })
  }

  /** From every node that may keep the key for the claim. Only those that do, and say so, are waited for. */
  async #withdraw(claim: Claim, ballots: Ballots<Vote | Refusal>): Promise<void> {
    const kept: Promise<unknown>[] = []
    for (const [index, ballot] of ballots.entries()) {
      const answer = ballot !== undefined && 'answer' in ballot ? ballot.answer : undefined
      if (answer?.granted === false) continue
      const withdrawn = this.#nodes[index]?.withdraw(claim).catch(() => {}) ?? Promise.resolve()
      if (answer !== undefined) kept.push(withdrawn)
    }
    const allSaid = (said: Ballots<unknown>, late: boolean) => (late || openIn(said) === 0 ? true : undefined)
    await decided(kept, this.#options.nodeTimeoutMs, this.#clock, allSaid)
  }

  /**
   * A node that lost what the majority has just renewed, or has another token, keeps it again; one that keeps what is gone lets it go. Not later than this: until then the
   * claims are certain to be held, and nobody else can have them.
   */
  #mend(
    node: QuorumNode,
    claims: readonly Claim[],
    stakes: readonly (Stake | undefined)[],
    renewals: readonly Renewal[],
    ttlMs: number,
    untilMs: number,
  ): unknown {
    const lost = claims.flatMap((claim, index) => {
      const renewal = renewals[index]
      if (typeof renewal === 'string' || renewal?.fencingToken === stakes[index]?.token) return []
      return renewal === undefined ? [] : [{ claim, token: renewal.fencingToken }]
    })
    const left = claims.filter((_, index) => renewals[index] === 'gone' && stakes[index] !== undefined)
    const withdrawn = left.map((claim) => node.withdraw(claim))
    if (lost.length === 0 || this.#clocks.nowMs >= untilMs) return Promise.all(withdrawn)
    return Promise.all([...withdrawn, node.restore(lost, ttlMs)])
  }

  #timeoutMs(shareOfTtlMs: number): number {
    return Math.max(LEAST_TIMEOUT_MS, Math.min(this.#options.nodeTimeoutMs, shareOfTtlMs))
  }

  #assertTtl(key: string, ttlMs: number): void {
    const { maxTtlMs } = this.#options
    if (maxTtlMs === undefined || ttlMs <= maxTtlMs) return
    const message = `a quorum with maxTtlMs ${maxTtlMs} does not hold ${JSON.stringify(key)} for ${ttlMs} ms`
    throw new LeaseholdError('UNSUPPORTED', message, { key })
  }
}

const grantOf = ({ token, ttlMs }: Stake): Grant => ({ granted: true, fencingToken: token, ttlMs })
