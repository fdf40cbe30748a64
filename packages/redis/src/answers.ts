import type { Contended, Grant, Inspection, Renewal, Share } from '@leasehold/core'
import { reservedAfter } from './reserved.ts'
import { FAILED } from './scripts/parts/failed.ts'

/** Of a whole key. */
export function grantOf(token: string, ttlMs: number): Grant {
  const fencingToken = BigInt(token)
  return { granted: true, ttlMs, fencingToken, reserved: reservedAfter(fencingToken) }
}

/** Of a share, whose slots are numbers with commas between, or `-`: whoever only reads does not wait for those who read. */
export function shareGrantOf(token: string, ttlMs: number, slots: string): Grant {
  if (slots === '-') return { granted: true, ttlMs, fencingToken: BigInt(token) }
  return { ...grantOf(token, ttlMs), slots: slotsOf(slots) }
}

const slotsOf = (slots: string): number[] => slots.split(',').map(Number)

/** Contended, with the server's clock when it answered. */
interface Refusal extends Contended {
  readonly serverMs: number
  /** To who stands in line: how many listen where it is told of its turn. */
  readonly listeners?: number
}

export type Attempt = Grant | Refusal

/** Granted: the token, and the time that is left, if not what was asked for; and of a share, its slots. Contended: no token, the time, the server's clock; and how many listen. */
export function attemptOf(answer: unknown, askedMs: number, share?: Share): Attempt {
  const [token = '', ms = askedMs, rest = '', listeners] = String(answer).split(' ')
  if (token === '') {
    const refusal = { granted: false, remainingMs: Number(ms), serverMs: Number(rest) } as const
    return listeners === undefined ? refusal : { ...refusal, listeners: Number(listeners) }
  }
  return share ? shareGrantOf(token, Number(ms), rest) : grantOf(token, Number(ms))
}

export const attemptsOf = (answer: unknown, askedMs: number): readonly Grant[] | Contended => {
  const attempts = (answer as unknown[]).map((each) => attemptOf(each, askedMs))
  const refusal = attempts.find((each): each is Refusal => !each.granted)
  return refusal ?? (attempts as Grant[])
}

export const renewalsOf = (answer: unknown): Renewal[] =>
  (answer as [string, number][]).map(([token, ttlMs]) => (token === '' ? 'gone' : grantOf(token, ttlMs)))

/** Of shares. */
export const shareRenewalsOf = (answer: unknown): Renewal[] =>
  (answer as string[]).map((each) => {
    const [token = '', ms, slots = ''] = each.split(' ')
    return token === '' ? 'gone' : shareGrantOf(token, Number(ms), slots)
  })

/** Of a whole key, or of nothing. */
export function inspectionOf(answer: unknown): Inspection | undefined {
  if (answer === null) return undefined
  const [token, remainingMs, metadata] = answer as [string, number, string]
  return shown(token, remainingMs, metadata)
}

type ShareShown = readonly [remainingMs: number, token: string, slots: string, of: string, metadata: string]

/** Of whatever it is. A kind of share is no token. */
export function inspectionsOf(answer: unknown): Inspection[] {
  const [kind, ...shares] = (answer ?? []) as [string, ...ShareShown[]]
  if (kind === 'shared' || kind === 'permits') return shares.map((each) => shareInspectionOf(kind, each))
  const whole = inspectionOf(answer)
  return whole ? [whole] : []
}

function shareInspectionOf(kind: Share['kind'], [remainingMs, token, slots, of, metadata]: ShareShown): Inspection {
  const held = shown(token, remainingMs, metadata)
  if (kind === 'shared') return { ...held, share: { kind } }
  const taken = slotsOf(slots)
  return { ...held, share: { kind, take: taken.length, of: Number(of) }, slots: taken }
}

const shown = (token: string, remainingMs: number, metadata: string): Inspection => ({
  fencingToken: BigInt(token),
  remainingMs,
  metadata: metadata === '' ? undefined : metadata,
})

/** Why one of several could not be served, if that is the answer. */
export const failureIn = (answer: unknown): Error | undefined =>
  typeof answer === 'string' && answer.startsWith(FAILED) ? new Error(answer.slice(FAILED.length)) : undefined

/** Of each claim, whether its hold was ended. */
export const releasesOf = (answer: unknown): boolean[] => (answer as number[]).map((each) => each === 1)

/** Of each claim, whether its hold was ended, or why that could not be. */
export const endingsOf = (answer: unknown): (boolean | Error)[] =>
  (answer as unknown[]).map((each) => failureIn(each) ?? each === 1)

/** What a release answers begins with whether the hold was ended, and goes on with the answer to the next claim, if it could be asked. Of a share, it is an array of that alone. */
export function isReleased(answer: unknown): boolean {
  const failure = Array.isArray(answer) ? failureIn(answer[0]) : undefined
  if (failure) throw failure
  return String(answer).startsWith('1')
}

export function nextOf(answer: unknown, askedMs: number): Attempt | undefined {
  const next = String(answer).slice(1)
  return next === '' ? undefined : attemptOf(next, askedMs)
}
