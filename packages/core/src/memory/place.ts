import type { Claim, Grant, Inspection, Share, Terms } from '../contract.ts'
import type { Slot, Task } from '../scheduler.ts'

export interface WaitingClaim {
  readonly claim: Claim
  readonly terms: Terms
  /** With the grant, or with nothing when the store has forgotten the claim. */
  readonly settle: (grant: Grant | undefined) => void
}

const NO_SLOTS: readonly number[] = []

/** One hold of a key, or of a part of it. */
export class StoreHold implements Task {
  scheduled?: Slot | undefined
  expiresAtMs = 0
  readonly claim: Claim
  readonly terms: Terms
  metadata: string | undefined
  fencingToken: bigint
  /** Those after `fencingToken`, up to this, are reserved. */
  readonly lastToken: bigint
  readonly slots: readonly number[]
  readonly fire: () => void

  constructor(claim: Claim, terms: Terms, fencingToken: bigint, slots: readonly number[], onExpiry: () => void) {
    this.claim = claim
    this.terms = terms
    this.metadata = terms.metadata
    this.fencingToken = fencingToken
    this.lastToken = fencingToken + BigInt(terms.reserve ?? 0)
    this.slots = slots
    this.fire = onExpiry
  }

  grant(ttlMs: number): Grant {
    const { claim, fencingToken, lastToken, slots } = this
    const grant: Grant = { granted: true, ttlMs, fencingToken }
    if (lastToken > fencingToken) Object.assign(grant, { reserved: Number(lastToken - fencingToken) })
    return claim.share?.kind === 'permits' ? Object.assign(grant, { slots }) : grant
  }

  inspection(remainingMs: number): Inspection {
    const { claim, metadata, fencingToken, slots } = this
    const held = { fencingToken, remainingMs, metadata }
    if (!claim.share) return held
    return claim.share.kind === 'permits' ? { ...held, share: claim.share, slots } : { ...held, share: claim.share }
  }
}

/** For all keys for which nobody waits. Stays empty. */
export const NOBODY = new Map<string, WaitingClaim>()

const NONE: readonly StoreHold[] = []

/** One key that is held: by whom, and who waits for it, first in, first out. A key that is free has none. */
export class Place {
  readonly key: string
  holds: readonly StoreHold[] = NONE
  /** Made when somebody waits. */
  waiting = NOBODY

  constructor(key: string) {
    this.key = key
  }

  holdOf(holder: string): StoreHold | undefined {
    for (const held of this.holds) if (held.claim.holder === holder) return held
    return undefined
  }

  get isFree(): boolean {
    return this.holds.length === 0 && this.waiting.size === 0
  }
}

/** The slots of this share, beside those who hold the key; undefined where it does not fit. The whole rule of parts. */
export function slotsFor(holds: Iterable<StoreHold>, share: Share | undefined): readonly number[] | undefined {
  const taken = new Set<number>()
  for (const { claim, slots } of holds) {
    if (!share || claim.share?.kind !== share.kind) return undefined
    for (const slot of slots) taken.add(slot)
  }
  if (share?.kind !== 'permits') return NO_SLOTS
  const free: number[] = []
  for (let slot = 0; slot < share.of && free.length < share.take; slot += 1) if (!taken.has(slot)) free.push(slot)
  return free.length === share.take ? free : undefined
}
