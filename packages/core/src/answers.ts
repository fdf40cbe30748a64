import type { Contended, Grant, Renewal } from './contract.ts'

// A backend's answers decide about safety: one that is not of the contract's shape counts as no answer.

export const isGrants = (answer: readonly Grant[] | Contended): answer is readonly Grant[] => Array.isArray(answer)

export function checkAnswer(answer: Grant | Contended): void {
  if (answer.granted) checkGrant(answer)
  else if (Number.isNaN(answer.remainingMs)) throw new Error('wrong remainingMs')
}

/** One answer for each of `length` claims. */
export function checkAnswers(answers: readonly Renewal[], length: number): void {
  if (answers.length !== length) throw new Error(`${answers.length} answers for ${length} claims`)
  for (const answer of answers) if (typeof answer !== 'string') checkGrant(answer)
}

export function checkGrant({ fencingToken, ttlMs, since }: Grant): void {
  const numbers = since === undefined ? [ttlMs] : [ttlMs, since.monotonicMs, since.wallMs]
  if (typeof fencingToken === 'bigint' && ttlMs > 0 && numbers.every(Number.isFinite)) return
  throw new Error('a grant with wrong fencingToken, ttlMs or since')
}
