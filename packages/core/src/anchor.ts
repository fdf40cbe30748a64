import { earlier, type Instant, shift } from './clock.ts'
import type { Grant } from './contract.ts'

/** A moment at which two clocks were seen: the server read its own, in milliseconds, after this process had read `sentAt`. */
export interface Anchor {
  readonly sentAt: Instant
  readonly serverMs: number
}

/**
 * A grant of which a wait was told, with the `since` that it must have. The server made it at `grantedMs` of its clock, and has read that for the anchor, too. Undefined where, by `now`, less than half of its time may be
 * left: the next attempt is the safer way then.
 */
export function grantedSince(grant: Grant, grantedMs: number, anchor: Anchor, now: Instant): Grant | undefined {
  const serverMs = grantedMs - anchor.serverMs
  // The margin covers clocks whose rates differ by a hundredth, but for the time of the grant alone. One less: both readings may be rounded.
  const since = earlier(now, shift(anchor.sentAt, serverMs - Math.abs(serverMs) / 100 - 1))
  const passedMs = Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs)
  return passedMs > grant.ttlMs / 2 ? undefined : { ...grant, since }
}
