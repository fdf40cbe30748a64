import { type Clock, systemClock } from '../clock.ts'
import type { Claim, Contended, Grant, Inspection, Renewal, Terms } from '../contract.ts'
import { Scheduler, type Slot, type Task } from '../scheduler.ts'
import { KeyTable } from './key-table.ts'

export interface MemoryStoreOptions {
  /** The server's clock. Expiry goes by its monotonic reading alone. Default: the system's. */
  readonly clock?: Clock
  /** The first fencing token to be granted. Default 1. */
  readonly firstToken?: bigint
}

interface WaitingClaim {
  readonly claim: Claim
  readonly terms: Terms
  /** With the grant, or with nothing when the store has forgotten the claim. */
  readonly settle: (grant: Grant | undefined) => void
}

/** For all keys for which nobody waits. Stays empty. */
const NOBODY = new Map<string, WaitingClaim>()

/** One key that is held, and who waits for it, first in, first out. A key that is free has no entry. */
class HeldKey implements Task {
  scheduled?: Slot | undefined
  expiresAtMs = 0
  claim: Claim
  terms: Terms
  fencingToken = 0n
  /** Those after `fencingToken`, up to this, are reserved. */
  lastToken = 0n
  /** Made when somebody waits. */
  waiting = NOBODY
  readonly fire: () => void

  constructor(claim: Claim, terms: Terms, onExpiry: (held: HeldKey) => void) {
    this.claim = claim
    this.terms = terms
    this.fire = () => onExpiry(this)
  }
}

/**
 * The "server" of the memory backend: every operation is one synchronous, atomic step. Several backends over one store contend as
 * several processes would. One counter serves all keys, so that nothing has to be kept of a key that is free.
 */
export class MemoryStore {
  readonly clock: Clock
  readonly #scheduler: Scheduler
  #held = new KeyTable<HeldKey>()
  #nextToken: bigint

  constructor({ clock = systemClock, firstToken = 1n }: MemoryStoreOptions = {}) {
    this.clock = clock
    this.#nextToken = firstToken
    this.#scheduler = new Scheduler(clock)
  }

  /** How many keys are held: 0 when everything was given back. */
  get size(): number {
    return this.#held.size
  }

  tryAcquire(claim: Claim, terms: Terms): Grant | Contended {
    const held = this.#current(claim.key)
    if (held === undefined) return this.#hold(claim, terms)
    if (held.claim.holder === claim.holder) return grantOf(held, this.#remainingMs(held))
    return { granted: false, remainingMs: this.#remainingMs(held) }
  }

  tryAcquireAll(claims: readonly Claim[], terms: Terms): readonly Grant[] | Contended {
    const others = claims.flatMap((claim) => {
      const held = this.#current(claim.key)
      return held === undefined || held.claim.holder === claim.holder ? [] : [this.#remainingMs(held)]
    })
    if (others.length > 0) return { granted: false, remainingMs: Math.max(...others) }
    return claims.map((claim) => this.tryAcquire(claim, terms) as Grant)
  }

  /** Under a reserved token, if one is named. */
  renew(claim: Claim, ttlMs: number, fencingToken = 0n): Renewal {
    const held = this.#current(claim.key)
    if (held === undefined || held.claim.holder !== claim.holder) return 'gone'
    const keepMs = Math.max(ttlMs, this.#remainingMs(held))
    this.#keepFor(held, keepMs)
    if (fencingToken > held.fencingToken && fencingToken <= held.lastToken) held.fencingToken = fencingToken
    return grantOf(held, keepMs)
  }

  release(claim: Claim): boolean {
    const held = this.#current(claim.key)
    if (held === undefined) return false
    if (held.claim.holder !== claim.holder) {
      held.waiting.get(claim.holder)?.settle(undefined)
      held.waiting.delete(claim.holder)
      return false
    }
    this.#passOn(held)
    return true
  }

  /** Queues the claim, or grants it at once. Returns how to leave the queue. */
  wait(claim: Claim, terms: Terms, settle: WaitingClaim['settle']): () => void {
    const answer = this.tryAcquire(claim, terms)
    if (answer.granted) {
      settle(answer)
      return () => {}
    }
    const held = this.#held.get(claim.key) as HeldKey
    if (held.waiting === NOBODY) held.waiting = new Map()
    const { waiting } = held
    const entry = { claim, terms, settle }
    waiting.set(claim.holder, entry)
    return () => {
      if (waiting.get(claim.holder) === entry) waiting.delete(claim.holder)
    }
  }

  inspect(key: string): Inspection | null {
    const held = this.#current(key)
    if (held === undefined) return null
    return { fencingToken: held.fencingToken, remainingMs: this.#remainingMs(held), metadata: held.terms.metadata }
  }

  /** Drops every hold and every waiter, as a server that comes back empty does. Tokens go on from where they were. */
  forgetAll(): void {
    const forgotten = this.#held.values()
    this.#held = new KeyTable()
    for (const held of forgotten) this.#scheduler.cancel(held)
    for (const held of forgotten) for (const each of held.waiting.values()) each.settle(undefined)
  }

  /** The key's present hold. Computed: a timer may be late. */
  #current(key: string): HeldKey | undefined {
    const held = this.#held.get(key)
    if (held === undefined || this.#remainingMs(held) > 0) return held
    this.#passOn(held)
    return this.#held.get(key)
  }

  #hold(claim: Claim, terms: Terms): Grant {
    const held = new HeldKey(claim, terms, (expired) => this.#current(expired.claim.key))
    this.#held.add(claim.key, held)
    return this.#grantTo(held, claim, terms)
  }

  #grantTo(held: HeldKey, claim: Claim, terms: Terms): Grant {
    held.claim = claim
    held.terms = terms
    held.fencingToken = this.#nextToken
    held.lastToken = held.fencingToken + BigInt(terms.reserve ?? 0)
    this.#nextToken = held.lastToken + 1n
    this.#keepFor(held, terms.ttlMs)
    return grantOf(held, terms.ttlMs)
  }

  #keepFor(held: HeldKey, ttlMs: number): void {
    const now = this.clock.now()
    held.expiresAtMs = now.monotonicMs + ttlMs
    this.#scheduler.after(ttlMs, held, now)
  }

  /** To the next in the queue, or free. */
  #passOn(held: HeldKey): void {
    const [next] = held.waiting.values()
    if (next === undefined) {
      this.#held.delete(held.claim.key)
      this.#scheduler.cancel(held)
      return
    }
    held.waiting.delete(next.claim.holder)
    next.settle(this.#grantTo(held, next.claim, next.terms))
  }

  #remainingMs(held: HeldKey): number {
    return held.expiresAtMs - this.clock.now().monotonicMs
  }
}

function grantOf({ fencingToken, lastToken }: HeldKey, ttlMs: number): Grant {
  if (lastToken === fencingToken) return { granted: true, ttlMs, fencingToken }
  return { granted: true, ttlMs, fencingToken, reserved: Number(lastToken - fencingToken) }
}
