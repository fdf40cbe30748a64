import type { Claim, Contended, Grant } from '@leasehold/core'
import type { Hold } from './hold.ts'

/** The place is taken or asked for in this process: by the same claim, or by another one, whose key may be another, too. */
export async function again(known: Hold, claim: Claim): Promise<Grant | Contended> {
  if (known.state === 'taken' && known.isOf(claim)) {
    return (await known.session.confirm(known)) ? known.grantOf(known.session.ttlMs) : { granted: false }
  }
  if (!known.isOf(claim))
    return known.state === 'held' ? { granted: false, remainingMs: known.remainingMs } : { granted: false }
  await known.asked
  const { remainingMs } = known
  return known.state === 'held' && remainingMs > 0 ? known.grantOf(remainingMs) : { granted: false }
}

/** A reader was let in twice: by an attempt, after its wait had brought it a place. */
export function insteadOf(hold: Hold, brought: Hold): Promise<Grant | Contended> {
  hold.session.giveUp(hold).catch(() => {})
  return again(brought, hold.claim)
}
