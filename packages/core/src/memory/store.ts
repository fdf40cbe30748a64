import { type Clock, systemClock } from '../clock.ts'
import type { Claim, Contended, Grant, Inspection, ListedHold, Renewal, Terms } from '../contract.ts'
import { Scheduler } from '../scheduler.ts'
import { KeyTable } from './key-table.ts'
import { NOBODY, Place, StoreHold, slotsFor, type WaitingClaim } from './place.ts'

export interface MemoryStoreOptions {
  /** The server's clock. Expiry goes by its monotonic reading alone. Default: the system's. */
  readonly clock?: Clock | undefined
  /** The first fencing token to be granted. Default 1. */
  readonly firstToken?: bigint | undefined
}

/** For so long a holder can learn why its hold was ended. */
const FORCED_TOLD_MS = 3_600_000

const NO_HOLDS: readonly StoreHold[] = []

/**
 * The "server" of the memory backend: every operation is one synchronous, atomic step. Several backends over one store contend as
 * several processes would. One counter serves all keys, so that nothing has to be kept of a key that is free.
 */
export class MemoryStore {
  readonly clock: Clock
  readonly #scheduler: Scheduler
  #places = new KeyTable<Place>()
  readonly #watchers = new Map<string, Set<() => void>>()
  /** Holders whose holds were ended by force, and why. */
  readonly #forced = new Map<string, string>()
  #nextToken: bigint

  constructor({ clock = systemClock, firstToken = 1n }: MemoryStoreOptions = {}) {
    this.clock = clock
    this.#nextToken = firstToken
    this.#scheduler = new Scheduler(clock)
  }

  /** How many keys are held: 0 when everything was given back. */
  get size(): number {
    return this.#places.size
  }

  tryAcquire(claim: Claim, terms: Terms): Grant | Contended {
    const place = this.#current(claim.key)
    const own = place?.holdOf(claim.holder)
    if (own) return own.grant(this.#remainingMs(own))
    // Nobody overtakes the line. Those who stand in it are granted when there is room.
    const isOpen = !place || place.waiting.size === 0
    const slots = isOpen && slotsFor(place?.holds ?? NO_HOLDS, claim.share)
    if (slots) return this.#grant(place ?? this.#open(claim.key), claim, terms, slots)
    return { granted: false, remainingMs: this.#nextExpiryMs(place) }
  }

  tryAcquireAll(claims: readonly Claim[], terms: Terms): readonly Grant[] | Contended {
    const others = claims.flatMap(({ key, holder }) => {
      const place = this.#current(key)
      return !place || place.holdOf(holder) ? [] : [this.#nextExpiryMs(place)]
    })
    if (others.length > 0) return { granted: false, remainingMs: Math.max(...others) }
    return claims.map((claim) => this.tryAcquire(claim, terms) as Grant)
  }

  /** Under a reserved token, if one is named. */
  renew(claim: Claim, ttlMs: number, fencingToken = 0n): Renewal {
    const held = this.#current(claim.key)?.holdOf(claim.holder)
    if (!held) return this.#gone(claim)
    // For another kind than it has, it is nobody's.
    if (held.claim.share?.kind !== claim.share?.kind) return 'gone'
    const keepMs = Math.max(ttlMs, this.#remainingMs(held))
    this.#keepFor(held, keepMs)
    if (fencingToken > held.fencingToken && fencingToken <= held.lastToken) held.fencingToken = fencingToken
    return held.grant(keepMs)
  }

  release(claim: Claim): boolean {
    const place = this.#current(claim.key)
    const held = place?.holdOf(claim.holder)
    if (!place) return false
    if (held) this.#end(place, held)
    place.waiting.get(claim.holder)?.settle(undefined)
    place.waiting.delete(claim.holder)
    this.#advance(place)
    return !!held
  }

  /** Queues the claim, or grants it at once. Returns how to leave the queue. */
  wait(claim: Claim, terms: Terms, settle: WaitingClaim['settle']): () => void {
    const answer = this.tryAcquire(claim, terms)
    if (answer.granted) {
      settle(answer)
      return () => {}
    }
    const place = this.#places.get(claim.key) as Place
    const entry = { claim, terms, settle }
    if (place.waiting === NOBODY) place.waiting = new Map()
    place.waiting.set(claim.holder, entry)
    return () => {
      if (place.waiting.get(claim.holder) !== entry) return
      place.waiting.delete(claim.holder)
      this.#advance(place)
    }
  }

  inspect(key: string): readonly Inspection[] {
    const holds = this.#current(key)?.holds ?? NO_HOLDS
    if (holds.length === 0) return []
    const nowMs = this.#nowMs()
    return holds.map((held) => held.inspection(held.expiresAtMs - nowMs))
  }

  /** 0 where the claim has no hold, or has it no longer. */
  remainingMs({ key, holder }: Claim): number {
    const held = this.#current(key)?.holdOf(holder)
    return held ? this.#remainingMs(held) : 0
  }

  /** Holds of keys that begin so. */
  list(prefix: string, limit: number): readonly ListedHold[] {
    const places = this.#places.values().filter(({ key }) => key.startsWith(prefix))
    return places.slice(0, limit).flatMap(({ key }) => this.inspect(key).map((held) => ({ ...held, key })))
  }

  annotate(claim: Claim, metadata: string): boolean {
    const held = this.#current(claim.key)?.holdOf(claim.holder)
    if (!held) return false
    held.metadata = metadata
    this.#changed(claim.key)
    return true
  }

  /** Ends every hold of the key, and lets in those who wait. */
  forceRelease(key: string, reason: string): number {
    const place = this.#current(key)
    if (!place) return 0
    const ended = [...place.holds]
    for (const held of ended) {
      this.#end(place, held)
      this.#forced.set(held.claim.holder, reason)
      this.#scheduler.after(FORCED_TOLD_MS, { fire: () => this.#forced.delete(held.claim.holder) })
    }
    this.#advance(place)
    return ended.length
  }

  /** Tells of every change. Returns how to end that. */
  watch(key: string, changed: () => void): () => void {
    const watchers = this.#watchers.get(key) ?? new Set()
    this.#watchers.set(key, watchers.add(changed))
    changed()
    return () => {
      watchers.delete(changed)
      if (watchers.size === 0) this.#watchers.delete(key)
    }
  }

  /** Drops every hold and every waiter, as a server that comes back empty does. Tokens go on from where they were. */
  forgetAll(): void {
    const forgotten = this.#places.values()
    this.#places = new KeyTable()
    for (const { holds } of forgotten) for (const held of holds) this.#scheduler.cancel(held)
    for (const { waiting } of forgotten) {
      const left = [...waiting.values()]
      waiting.clear()
      for (const each of left) each.settle(undefined)
    }
  }

  /** Who has the key now, and who waits for it. Computed: a timer may be late. */
  #current(key: string): Place | undefined {
    const place = this.#places.get(key)
    if (!place) return undefined
    let expired = false
    const nowMs = this.#nowMs()
    for (const held of place.holds) {
      if (held.expiresAtMs > nowMs) continue
      this.#end(place, held)
      expired = true
    }
    if (!expired) return place
    this.#advance(place)
    return this.#places.get(key)
  }

  #open(key: string): Place {
    const place = new Place(key)
    this.#places.add(key, place)
    return place
  }

  #grant(place: Place, claim: Claim, terms: Terms, slots: readonly number[]): Grant {
    const held = new StoreHold(claim, terms, this.#nextToken, slots, () => this.#current(claim.key))
    this.#nextToken = held.lastToken + 1n
    // Others may be looking through those that there were.
    place.holds = [...place.holds, held]
    this.#keepFor(held, terms.ttlMs)
    this.#changed(claim.key)
    return held.grant(terms.ttlMs)
  }

  #keepFor(held: StoreHold, ttlMs: number): void {
    const now = this.clock.now()
    held.expiresAtMs = now.monotonicMs + ttlMs
    this.#scheduler.after(ttlMs, held, now)
  }

  #end(place: Place, held: StoreHold): void {
    place.holds = place.holds.filter((each) => each !== held)
    this.#scheduler.cancel(held)
    this.#changed(place.key)
  }

  /** Grants to all at the head of the line who fit, in their order. */
  #advance(place: Place): void {
    for (const { claim, terms, settle } of place.waiting.values()) {
      const slots = slotsFor(place.holds, claim.share)
      if (!slots) return
      place.waiting.delete(claim.holder)
      settle(this.#grant(place, claim, terms, slots))
    }
    if (place.isFree && this.#places.get(place.key) === place) this.#places.delete(place.key)
  }

  #gone({ holder }: Claim): Renewal {
    const why = this.#forced.get(holder)
    return why === undefined ? 'gone' : `gone: ${why}`
  }

  #changed(key: string): void {
    for (const changed of this.#watchers.get(key) ?? []) changed()
  }

  /** When the first of those who hold it may be gone. */
  #nextExpiryMs(place: Place | undefined): number {
    const holds = place?.holds ?? NO_HOLDS
    return Math.min(...holds.map(({ expiresAtMs }) => expiresAtMs)) - this.#nowMs()
  }

  #remainingMs({ expiresAtMs }: StoreHold): number {
    return expiresAtMs - this.#nowMs()
  }

  #nowMs(): number {
    return this.clock.now().monotonicMs
  }
}
