import type { Contended, Grant, Inspection, Instant, Renewal } from '@leasehold/core'

/** What `attempt` answers: the token of what was asked for; granted already, token, time; or contended, time, the server's clock. */
export type Attempt = string | readonly [granted: 1, token: string, ttlMs: number] | readonly [0, number, string]

const grantOf = (token: string, ttlMs: number): Grant => ({ granted: true, ttlMs, fencingToken: BigInt(token) })

/** `ttlMs`: what was asked for. */
export function attemptOf(answer: unknown, ttlMs: number): Grant | Contended {
  const attempt = answer as Attempt
  if (typeof attempt === 'string') return grantOf(attempt, ttlMs)
  return attempt[0] === 1 ? grantOf(attempt[1], attempt[2]) : { granted: false, remainingMs: attempt[1] }
}

export const attemptsOf = (answer: unknown, ttlMs: number): readonly Grant[] | Contended => {
  const attempts = (answer as unknown[]).map((attempt) => attemptOf(attempt, ttlMs))
  const refusal = attempts.find((each): each is Contended => !each.granted)
  return refusal ?? (attempts as Grant[])
}

export const renewalsOf = (answer: unknown): Renewal[] =>
  (answer as [string, number][]).map(([token, ttlMs]) => (token === '' ? 'gone' : grantOf(token, ttlMs)))

export function inspectionOf(answer: unknown): Inspection | null {
  if (answer === null) return null
  const [token, remainingMs, metadata] = answer as [string, number, string]
  return { fencingToken: BigInt(token), remainingMs, metadata: metadata === '' ? undefined : metadata }
}

/** What a release that named the next claim answers about it; `null`: it could not be queued. */
export interface Release {
  readonly released: boolean
  readonly next: Attempt | null
}

/** A number where no next claim was named. */
export function releaseOf(answer: unknown): Release {
  const [released, next] = typeof answer === 'number' ? [answer, null] : (answer as [number, Attempt | null])
  return { released: released === 1, next }
}

/** A moment at which both clocks were seen: the server read its own after this process had read the one here. */
export interface Anchor {
  readonly sentAt: Instant
  readonly serverMs: number
}
