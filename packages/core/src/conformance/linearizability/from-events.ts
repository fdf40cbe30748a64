import type { Share } from '../../contract.ts'
import type { HistoryEvent } from '../history.ts'
import type { LockOperation } from './operation.ts'

type Granted = HistoryEvent & { type: 'granted' }

/**
 * What `checkHistory` reads, as operations for the search: a lease is a claim that acquired, relied on its hold for as long as it was valid, and then let go, which may have taken effect at any time, or never.
 * Writes that a resource accepted are left out. What was asked for and not granted is left out, too: nothing says of which key it was.
 */
export function operationsOf(events: readonly HistoryEvent[]): LockOperation[] {
  const askedAt = new Map<string, bigint>()
  const granted = new Map<string, Granted>()
  const validUntil = new Map<string, bigint>()
  const endedAt = new Map<string, bigint>()
  for (const event of events) {
    if (event.type === 'asked') askedAt.set(event.lease, event.at)
    if (event.type === 'granted') granted.set(event.lease, event)
    if (event.type === 'granted' || event.type === 'renewed') validUntil.set(event.lease, event.validUntil)
    if (event.type === 'ended') endedAt.set(event.lease, event.at)
  }
  return [...granted.values()].flatMap((grant) => {
    const { lease, at } = grant
    return operationsOfLease(grant, askedAt.get(lease) ?? at, validUntil.get(lease) ?? at, endedAt.get(lease))
  })
}

function operationsOfLease(grant: Granted, called: bigint, valid: bigint, ended: bigint | undefined): LockOperation[] {
  const { lease, key, at, fencingToken, slots } = grant
  const claim = { process: lease, holder: lease, key }
  const answer = { fencingToken, slots }
  const validUntil = ended !== undefined && ended < valid ? ended : valid
  const acquire = {
    ...claim,
    type: 'acquire',
    share: shareOf(grant),
    called,
    returned: at,
    validUntil,
    answer,
  } as const
  if (ended === undefined) return [acquire]
  return [acquire, { ...claim, type: 'release', called: ended, answer: 'unknown' }]
}

function shareOf({ kind, slots = [] }: Granted): Share | undefined {
  if (kind !== 'permits') return kind && { kind }
  return { kind, take: slots.length, of: Math.max(0, ...slots) + 1 }
}
