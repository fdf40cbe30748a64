import type { Contended, Grant, Renewal, Share } from '../contract.ts'
import type { LossReason } from '../events.ts'

// A backend's answers decide about safety: one that is not of the contract's shape counts as no answer.

export const isGrants = (answer: readonly Grant[] | Contended): answer is readonly Grant[] => Array.isArray(answer)

export function checkAnswer(answer: Grant | Contended, share?: Share): void {
  if (answer.granted === false) return
  checkGrant(answer)
  checkSlots(answer, share)
}

export function checkRelease(answer: boolean): void {
  if (typeof answer !== 'boolean') throw new Error('a release answered with no boolean')
}

/** One answer for each of `length` claims. */
export function checkEach<Answer>(
  answers: readonly Answer[],
  length: number,
  check: (answer: Answer) => unknown,
): void {
  if (answers.length !== length) throw new Error(`${answers.length} answers for ${length} claims`)
  for (const answer of answers) check(answer)
}

export const checkRenewal = (answer: Renewal): unknown =>
  answer === 'unknown' || isGone(answer) || checkGrant(answer as Grant)

export const isGone = (answer: Renewal): answer is Exclude<Renewal, Grant | 'unknown'> =>
  answer === 'gone' || (typeof answer === 'string' && answer.startsWith(FORCED))

const FORCED = 'gone: '

/** How a lease is lost that somebody has ended at the server, and said why, if somebody has. */
export const lossBy = (why: string | undefined): [LossReason, string | undefined] => [
  why === undefined ? 'gone' : 'forced',
  why,
]

export const forcedWhy = (answer: string): string | undefined =>
  answer.startsWith(FORCED) ? answer.slice(FORCED.length) : undefined

export function checkGrant({ granted, fencingToken, ttlMs, since, reserved = 0 }: Grant): void {
  const numbers = since ? [ttlMs, reserved, since.monotonicMs, since.wallMs] : [ttlMs, reserved]
  if (granted === true && typeof fencingToken === 'bigint' && ttlMs > 0 && numbers.every(Number.isFinite)) return
  throw new Error('a malformed grant')
}

/** Whoever works under a slot relies on it. */
export function checkSlots({ slots = [] }: Grant, share: Share | undefined): void {
  const { take, of } = share?.kind === 'permits' ? share : { take: 0, of: 0 }
  const known = slots.every((slot) => Number.isInteger(slot) && slot >= 0 && slot < of)
  if (!known || slots.length !== take || new Set(slots).size !== take)
    throw new Error('a grant of other slots than were asked for')
}
