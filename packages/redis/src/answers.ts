import type { Contended, Grant, Inspection, Renewal } from '@leasehold/core'
import { reservedAfter } from './reserved.ts'

function grantOf(token: string, ttlMs: number): Grant {
  const fencingToken = BigInt(token)
  return { granted: true, ttlMs, fencingToken, reserved: reservedAfter(fencingToken) }
}

/** Contended, with the server's clock when it answered. */
interface Refusal extends Contended {
  readonly serverMs: number
}

export type Attempt = Grant | Refusal

/** Granted: the token, and the time that is left, if not what was asked for. Contended: no token, the time, the server's clock. */
export function attemptOf(answer: unknown, askedMs: number): Attempt {
  const [token = '', ms = askedMs, serverMs] = String(answer).split(' ')
  if (token !== '') return grantOf(token, Number(ms))
  return { granted: false, remainingMs: Number(ms), serverMs: Number(serverMs) }
}

export const attemptsOf = (answer: unknown, askedMs: number): readonly Grant[] | Contended => {
  const attempts = (answer as unknown[]).map((each) => attemptOf(each, askedMs))
  const refusal = attempts.find((each): each is Refusal => !each.granted)
  return refusal ?? (attempts as Grant[])
}

export const renewalsOf = (answer: unknown): Renewal[] =>
  (answer as [string, number][]).map(([token, ttlMs]) => (token === '' ? 'gone' : grantOf(token, ttlMs)))

export function inspectionOf(answer: unknown): Inspection | undefined {
  if (answer === null) return undefined
  const [token, remainingMs, metadata] = answer as [string, number, string]
  return { fencingToken: BigInt(token), remainingMs, metadata: metadata === '' ? undefined : metadata }
}

/** Of each claim, whether its hold was ended. */
export const releasesOf = (answer: unknown): boolean[] => (answer as number[]).map((each) => each === 1)

/** What a release answers begins with whether the hold was ended, and goes on with the answer to the next claim, if it could be asked. */
export const isReleased = (answer: unknown): boolean => String(answer).startsWith('1')

export function nextOf(answer: unknown, askedMs: number): Attempt | undefined {
  const next = String(answer).slice(1)
  return next === '' ? undefined : attemptOf(next, askedMs)
}
