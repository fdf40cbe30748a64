import type { Claim, RenewedClaim, Terms } from '@leasehold/core'
import type { Machine } from '../machine.ts'
import type { Ask, Kept, Refusal, Stake, Vote } from './quorum-engine.ts'

interface Hold {
  readonly holder: string
  readonly token: bigint
  readonly expiresMs: number
  readonly attempt: number
}

/** What the scripts of a quorum do at one Redis, as simple as can be, on a machine with clocks of its own. */
export class SimulatedNode {
  readonly machine: Machine
  readonly #rankOf: (holder: string) => string
  readonly #maxTtlMs: number
  readonly #holds = new Map<string, Hold>()
  readonly #lastTokens = new Map<string, bigint>()
  /** When its process was started: long ago, at first. */
  #startedMs = Number.NEGATIVE_INFINITY

  constructor(machine: Machine, rankOf: (holder: string) => string, maxTtlMs: number) {
    this.machine = machine
    this.#rankOf = rankOf
    this.#maxTtlMs = maxTtlMs
  }

  get name(): string {
    return this.machine.name
  }

  get heldKeys(): number {
    return [...this.#holds.keys()].filter((key) => this.holdOf(key) !== undefined).length
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

  holdOf(key: string): Hold | undefined {
    const hold = this.#holds.get(key)
    return hold !== undefined && hold.expiresMs > this.#nowMs ? hold : undefined
  }

  vote(claim: Claim, { ttlMs }: Terms, { proposal, raise, attempt }: Ask): Vote | Refusal {
    const hold = this.holdOf(claim.key)
    const clockUs = Math.floor(this.#wallUs)
    if (hold === undefined) {
      const last = this.#lastTokens.get(claim.key) ?? BigInt(clockUs)
      return this.#granted(this.#keep(claim, proposal > last ? proposal : last + 1n, ttlMs, attempt), clockUs)
    }
    if (hold.holder !== claim.holder)
      return { granted: false, rank: this.#rankOf(hold.holder), remainingMs: this.#remainingMs(hold), clockUs }
    const latest = Math.max(attempt, hold.attempt)
    if (raise && proposal > hold.token) return this.#granted(this.#keep(claim, proposal, ttlMs, latest), clockUs)
    this.#holds.set(claim.key, { ...hold, attempt: latest })
    return this.#granted(hold, clockUs, !raise)
  }

  renew(renewals: readonly RenewedClaim[]): readonly (Stake | undefined)[] {
    return renewals.map(({ ttlMs, ...claim }) => {
      const hold = this.holdOf(claim.key)
      if (hold?.holder !== claim.holder) return undefined
      const renewed = { ...hold, expiresMs: Math.max(hold.expiresMs, this.#nowMs + ttlMs) }
      this.#holds.set(claim.key, renewed)
      return { token: hold.token, ttlMs: this.#remainingMs(renewed) }
    })
  }

  restore(kept: readonly Kept[]): void {
    for (const { claim, token } of kept) {
      const hold = this.holdOf(claim.key)
      if (hold !== undefined && hold.holder !== claim.holder) continue
      const last = this.#lastTokens.get(claim.key) ?? 0n
      const expiresMs = hold?.expiresMs ?? this.#nowMs + claim.ttlMs
      this.#holds.set(claim.key, { holder: claim.holder, token, expiresMs, attempt: Number.MAX_SAFE_INTEGER })
      this.#lastTokens.set(claim.key, last > token ? last : token)
    }
  }

  release(claim: Claim): boolean {
    const own = this.holdOf(claim.key)?.holder === claim.holder
    if (own) this.#holds.delete(claim.key)
    return own
  }

  /** The token that was withdrawn. */
  withdraw(claim: Claim, attempt: number): bigint | undefined {
    const hold = this.holdOf(claim.key)
    if (hold?.holder !== claim.holder || hold.attempt > attempt) return undefined
    this.#holds.delete(claim.key)
    return hold.token
  }

  get #nowMs(): number {
    return this.machine.clock.now().monotonicMs
  }

  get #wallUs(): number {
    return this.machine.clock.now().wallMs * 1000
  }

  #keep({ key, holder }: Claim, token: bigint, ttlMs: number, attempt: number): Hold {
    const hold = { holder, token, expiresMs: this.#nowMs + ttlMs, attempt }
    this.#holds.set(key, hold)
    this.#lastTokens.set(key, token)
    return hold
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
