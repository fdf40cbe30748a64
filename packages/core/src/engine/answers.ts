import type { Contended, Grant, Renewal } from '../contract.ts'

// A backend's answers decide about safety: one that is not of the contract's shape counts as no answer.

export const isGrants = (answer: readonly Grant[] | Contended): answer is readonly Grant[] => Array.isArray(answer)

export function checkAnswer(answer: Grant | Contended): void {
  if (answer.granted !== false) checkGrant(answer)
}

export function checkRelease(answer: boolean): void {
  if (typeof answer !== 'boolean') throw new Error('a malformed release')
}

/** One answer for each of the claims. */
export function checkEach<Answer>(
  answers: readonly Answer[],
  { length }: readonly unknown[],
  check: (answer: Answer) => unknown,
): void {
  if (answers.length !== length) throw new Error(`${answers.length} answers for ${length} claims`)
  for (const answer of answers) check(answer)
}

export const checkRenewal = (answer: Renewal): unknown =>
  answer === 'unknown' || isGone(answer) || checkGrant(answer as Grant)

export const isGone = (answer: Renewal): answer is Exclude<Renewal, Grant | 'unknown'> =>
  typeof answer === 'string' && answer.startsWith('gone')

export function checkGrant({ granted, fencingToken, ttlMs, since, reserved = 0 }: Grant): void {
  const numbers = since ? [ttlMs, reserved, since.monotonicMs, since.wallMs] : [ttlMs, reserved]
  if (granted === true && typeof fencingToken === 'bigint' && ttlMs > 0 && numbers.every(Number.isFinite)) return
  throw new Error('a malformed grant')
}
