import type { Share } from '../../contract.ts'
import type { Step } from './prepare.ts'

/** A hold of the key, or of a part of it, at the server of the model. */
export interface Hold {
  readonly holder: string
  /** Undefined: all of the key. */
  readonly share: Share | undefined
  readonly slots: readonly number[]
  /** Undefined: nobody was told. */
  readonly token: bigint | undefined
  /** Where nobody was told, the token is greater than this one. */
  readonly above: bigint
  /** The last token that is reserved for it. */
  readonly lastToken: bigint | undefined
  /** It does not expire before. */
  readonly earliest: number
  /** It has expired by then. */
  readonly latest: number
  /** It lasts so much longer than something that had no answer. The next answer tells by when that took effect, and so a latest time. */
  readonly unbounded: number | undefined
  /** What began it. */
  readonly by: Step
}

/** Whether a lease with this token may stand on the hold. */
export const covers = ({ token, above, lastToken = token }: Hold, other: bigint): boolean =>
  token === undefined ? other > above : other >= token && lastToken !== undefined && other <= lastToken

/** Readers stand beside readers, and permits beside those of other slots. */
export const standTogether = (one: Pick<Hold, 'share' | 'slots'>, other: Pick<Hold, 'share' | 'slots'>): boolean =>
  one.share !== undefined &&
  one.share.kind === other.share?.kind &&
  !one.slots.some((slot) => other.slots.includes(slot))

/** Those of the holds that keep somebody from having this share: none of them, or enough. */
export function inTheWay(share: Share | undefined, holds: readonly Hold[]): readonly Hold[] {
  if (share === undefined) return holds
  const others = holds.filter((hold) => hold.share?.kind !== share.kind)
  if (others.length > 0 || share.kind === 'shared') return others
  return freeSlots(share, holds).length < share.take ? holds : []
}

/** The lowest that are free, as many as are wanted, or fewer. */
export function freeSlots(share: Share & { kind: 'permits' }, holds: readonly Hold[]): number[] {
  const taken = new Set(holds.flatMap(({ slots }) => slots))
  const free: number[] = []
  for (let slot = 0; slot < share.of && free.length < share.take; slot += 1) if (!taken.has(slot)) free.push(slot)
  return free
}
