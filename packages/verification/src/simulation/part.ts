import type { Claim, Grant, Share } from '@leasehold/core'

/** How much of a key a hold or a lease has. */
export interface Part {
  /** Undefined: all of it. */
  readonly kind: Share['kind'] | undefined
  readonly slots: readonly number[]
}

export const WHOLE: Part = { kind: undefined, slots: [] }

export const partOf = ({ share }: Claim, { slots = [] }: Grant): Part => ({ kind: share?.kind, slots })

/** Readers stand beside readers, and permits beside those of other slots. */
export const standTogether = (one: Part, other: Part): boolean =>
  one.kind !== undefined && one.kind === other.kind && !one.slots.some((slot) => other.slots.includes(slot))
