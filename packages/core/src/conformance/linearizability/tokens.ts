import type { Hold } from './hold.ts'
import type { Step } from './prepare.ts'

/** A token, and what was granted under it. */
interface Mark {
  readonly token: bigint
  readonly by: Step | undefined
}

/**
 * The greatest tokens so far: what comes next is greater. A permit is compared with those of its own slots, and of whole keys and readers; everybody else with all.
 */
export interface Tokens {
  readonly greatest: Mark
  /** Of whole keys and readers. */
  readonly base: Mark
  /** Of permits, where greater than `base`. */
  readonly slots: ReadonlyMap<number, Mark>
}

const NONE: Mark = { token: -1n, by: undefined }

export const noTokens: Tokens = { greatest: NONE, base: NONE, slots: new Map() }

type Of = Pick<Hold, 'share' | 'slots'>

/** The greatest token that one of this hold must exceed. */
export function markBefore({ greatest, base, slots: marks }: Tokens, { share, slots }: Of): Mark {
  if (share?.kind !== 'permits') return greatest
  return slots.reduce((most, slot) => {
    const mark = marks.get(slot) ?? base
    return mark.token > most.token ? mark : most
  }, base)
}

/** What has a token has it: the next is greater. */
export function raised(tokens: Tokens, { share, slots }: Of, token: bigint, by: Step): Tokens {
  const mark = { token, by }
  const greatest = token > tokens.greatest.token ? mark : tokens.greatest
  if (share?.kind !== 'permits') return { greatest, base: greatest, slots: noTokens.slots }
  const marks = new Map(tokens.slots)
  for (const slot of slots) if (token > (marks.get(slot) ?? tokens.base).token) marks.set(slot, mark)
  return { greatest, base: tokens.base, slots: marks }
}

/** Whatever may follow the other may follow the one. */
export function noGreater(one: Tokens, other: Tokens): boolean {
  if (one.greatest.token > other.greatest.token || one.base.token > other.base.token) return false
  for (const [slot, mark] of one.slots) if (mark.token > (other.slots.get(slot) ?? other.base).token) return false
  return true
}
