import { type Instant, msUntil, shift } from '../clock.ts'
import type { Grant } from '../contract.ts'
import type { HoldTerms } from './options.ts'

/** How often in a row a hold is passed on inside the process, and for how long: those of other processes are to have their turns, and a turn that takes longer is worth a trip. */
export const MOST_PASSES = 7
const PASSING_MS = 100
/** So soon the server is told of a lease that it was not asked for. */
export const UNTOLD_MS = 100

/** A grant, and from when its time counts. `passedAt`: when it was taken over from the lease that it was for. */
export interface Granted {
  readonly grant: Grant
  readonly since: Instant
  readonly passedAt?: Instant
}

/** The same, under the next of the tokens that the grant reserves; undefined where they are used up, or others have waited for long enough. */
export function passedOn({ grant, since }: Granted, now: Instant): Granted | undefined {
  const { reserved = 0, fencingToken, ttlMs } = grant
  if (reserved < 1 || msUntil(shift(since, Math.min(PASSING_MS, ttlMs / 4)), now) <= 0) return undefined
  const left = Math.min(reserved, MOST_PASSES) - 1
  return { grant: { ...grant, fencingToken: fencingToken + 1n, reserved: left }, since, passedAt: now }
}

/** The server goes on showing the metadata of the first, and keeps its TTL: for one that is to be held at least so long, should this process end, that has begun too soon. */
export const isAlike = (one: HoldTerms, other: HoldTerms): boolean =>
  one.ttlMs === other.ttlMs && one.metadata === other.metadata && !one.minHoldMs
