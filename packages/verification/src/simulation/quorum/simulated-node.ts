import type { Claim, RenewedClaim, Share, Terms } from '@leasehold/core'
import type { Machine } from '../machine.ts'
import type { Ask, Kept, QuorumEngine, Refusal, Stake, Vote } from './quorum-engine.ts'

interface Hold {
  readonly holder: string
  readonly token: bigint
  /** Left out: all of the key. */
  readonly share?: Share
  readonly expiresMs: number
  readonly attempt: number
}

/** What the scripts of a quorum do at one Redis, as simple as can be, on a machine with clocks of its own. */
export class SimulatedNode {
  readonly machine: Machine
  readonly #rankOf: QuorumEngine['rankOfClaim']
  readonly #maxTtlMs: number
  readonly #holds = new Map<string, readonly Hold[]>()
  readonly #lastTokens = new Map<string, bigint>()
  /** When its process was started: long ago, at first. */
  #startedMs = Number.NEGATIVE_INFINITY

  constructor(machine: Machine, rankOf: QuorumEngine['rankOfClaim'], maxTtlMs: number) {
    this.machine = machine
    this.#rankOf = rankOf
    this.#maxTtlMs = maxTtlMs
  }

  get name(): string {
    return this.machine.name
  }

  get heldKeys(): number {
    return [...this.#holds.keys()].filter((key) => this.holdsOf(key).length > 0).length
  }

  /** Serves a request in the node's own time. */
  perform<T>(serve: (node: SimulatedNode) => T): Promise<T> {
    return new Promise((resolve) => this.machine.deliver('message', () => resolve(serve(this))))
  }

  /** Its process restarts, and remembers nothing. */
  loseState(): void {
    this.#holds.clear()
    this.#lastTokens.clear()
    this.#startedMs = this.#nowMs
  }

  holdsOf(key: string): readonly Hold[] {
    return (this.#holds.get(key) ?? []).filter(({ expiresMs }) => expiresMs > this.#nowMs)
  }

  vote(claim: Claim, { ttlMs }: Terms, { proposal, raise, attempt }: Ask): Vote | Refusal {
    const clockUs = Math.floor(this.#wallUs)
    const last = this.#lastTokens.get(claim.key) ?? BigInt(clockUs)
    const own = this.#ownOf(claim)
    const next = proposal > last ? proposal : last + 1n
    if (own === undefined) {
      const [rival] = this.#rivalsOf(claim)
      if (rival === undefined) return this.#granted(this.#keep(claim, next, ttlMs, attempt), clockUs)
      return { granted: false, rank: this.#rankOf(rival), remainingMs: this.#remainingMs(rival), clockUs }
    }
    const latest = Math.max(attempt, own.attempt)
    // Those who share a key have had greater ones meanwhile.
    const raised = own.share ? next : proposal
    if (raise && proposal > own.token) return this.#granted(this.#keep(claim, raised, ttlMs, latest), clockUs)
    this.#put(claim, { ...own, attempt: latest })
    return this.#granted(own, clockUs, !raise)
  }

  renew(renewals: readonly RenewedClaim[]): readonly (Stake | undefined)[] {
    return renewals.map(({ ttlMs, ...claim }) => {
      const own = this.#ownOf(claim)
      if (own === undefined) return undefined
      const renewed = { ...own, expiresMs: Math.max(own.expiresMs, this.#nowMs + ttlMs) }
      this.#put(claim, renewed)
      return { token: own.token, ttlMs: this.#remainingMs(renewed) }
    })
  }

  restore(kept: readonly Kept[]): void {
    for (const { claim, token } of kept) {
      if (this.#rivalsOf(claim).length > 0) continue
      const last = this.#lastTokens.get(claim.key) ?? 0n
      const expiresMs = this.#ownOf(claim)?.expiresMs ?? this.#nowMs + claim.ttlMs
      this.#put(claim, { token, expiresMs, attempt: Number.MAX_SAFE_INTEGER })
      this.#lastTokens.set(claim.key, last > token ? last : token)
    }
  }

  release(claim: Claim): boolean {
    const own = this.#ownOf(claim)
    if (own) this.#drop(claim)
    return own !== undefined
  }

  /** The token that was withdrawn. */
  withdraw(claim: Claim, attempt: number): bigint | undefined {
    const own = this.#ownOf(claim)
    if (own === undefined || own.attempt > attempt) return undefined
    this.#drop(claim)
    return own.token
  }

  get #nowMs(): number {
    return this.machine.clock.now().monotonicMs
  }

  get #wallUs(): number {
    return this.machine.clock.now().wallMs * 1000
  }

  #ownOf({ key, holder }: Claim): Hold | undefined {
    return this.holdsOf(key).find((hold) => hold.holder === holder)
  }

  /** Who excludes the claim. */
  #rivalsOf({ key, holder, share }: Claim): readonly Hold[] {
    return this.holdsOf(key).filter((hold) => hold.holder !== holder && !(hold.share && share))
  }

  #put({ key, holder, share }: Claim, kept: Omit<Hold, 'holder' | 'share'>): Hold {
    const others = this.holdsOf(key).filter((hold) => hold.holder !== holder)
    const hold = share ? { ...kept, holder, share } : { ...kept, holder }
    this.#holds.set(key, [...others, hold])
    return hold
  }

  #drop({ key, holder }: Claim): void {
    this.#holds.set(
      key,
      this.holdsOf(key).filter((hold) => hold.holder !== holder),
    )
  }

  #keep(claim: Claim, token: bigint, ttlMs: number, attempt: number): Hold {
    this.#lastTokens.set(claim.key, token)
    return this.#put(claim, { token, expiresMs: this.#nowMs + ttlMs, attempt })
  }

  #granted(hold: Hold, clockUs: number, kept = false): Vote {
    const counts = this.#nowMs - this.#startedMs >= this.#maxTtlMs * DRIFT
    return { granted: true, token: hold.token, ttlMs: this.#remainingMs(hold), counts, kept, clockUs }
  }

  #remainingMs(hold: Hold): number {
    return hold.expiresMs - this.#nowMs
  }
}

/** As the true client allows for. */
const DRIFT = 1.01
