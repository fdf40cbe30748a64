import { expectedSeconds, type Times } from './remembered-times.ts'

/** Of the pieces that wait, the one to begin with when there is this much time; undefined: none fits. */
export function nextThatFits<T extends { readonly name: string }>(
  waiting: readonly T[],
  times: Times,
  seconds: number,
): T | undefined {
  return waiting.find(({ name }) => expectedSeconds(times, name) <= seconds)
}

/**
 * Those first that have not passed for the longest time, or never, as far as is known here; of these the shortest: in
 * little time, as many different things as possible are looked at.
 */
export const inOrder = <T extends { readonly name: string }>(
  pieces: readonly T[],
  times: Times,
  passedAt: Times,
): T[] =>
  [...pieces].sort(
    (one, other) =>
      (passedAt[one.name] ?? 0) - (passedAt[other.name] ?? 0) ||
      expectedSeconds(times, one.name) - expectedSeconds(times, other.name),
  )
