import type { Claim, Grant, Share, Terms } from '@leasehold/core'
import type { KeyValue } from './connection.ts'
import { kindOf } from './namespace.ts'
import { placeIn } from './transactions.ts'

/** What a claim for permits says, before its metadata. Whoever waits has no slots yet. */
interface Permits {
  readonly take: number
  readonly of: number
  readonly slots?: readonly number[]
}

/** What a place says: its metadata, and of permits, a line before it. `slots`: of one that holds them. */
export function textOf({ share }: Claim, { metadata }: Pick<Terms, 'metadata'>, slots?: Grant['slots']): string {
  if (share?.kind !== 'permits') return metadata ?? ''
  const { take, of } = share
  return `${JSON.stringify({ take, of, slots })}\n${metadata ?? ''}`
}

/** Undefined where it does not hold the lock, or has no part of it that is counted. */
export const slotsIn = (place: KeyValue): Grant['slots'] => permitsIn(place)?.slots

export function metadataIn(place: KeyValue): string | undefined {
  const value = place.value.toString()
  const metadata = permitsIn(place) ? value.slice(value.indexOf('\n') + 1) : value
  return metadata === '' ? undefined : metadata
}

/** As a claim would have it. */
export function shareIn(place: KeyValue): Share | undefined {
  const kind = kindOf(placeIn(place))
  if (kind === 'all') return undefined
  const permits = permitsIn(place)
  return permits ? { kind: 'permits', take: permits.take, of: permits.of } : { kind: 'shared' }
}

/** With the metadata replaced. */
export function annotated(place: KeyValue, metadata: string): string {
  const value = place.value.toString()
  return permitsIn(place) ? value.slice(0, value.indexOf('\n') + 1) + metadata : metadata
}

/** Not of a place that was read without its value. */
function permitsIn(place: KeyValue): Permits | undefined {
  if (kindOf(placeIn(place)) !== 'permits' || place.value.length === 0) return undefined
  const value = place.value.toString()
  return JSON.parse(value.slice(0, value.indexOf('\n')))
}

/** The lowest that are free; undefined where too few are. */
export function lowestFree({ take, of }: Permits, taken: ReadonlySet<number>): readonly number[] | undefined {
  const free: number[] = []
  for (let slot = 0; slot < of && free.length < take; slot += 1) if (!taken.has(slot)) free.push(slot)
  return free.length === take ? free : undefined
}

/** Of whom nobody has any part beside. */
export const slotsOfFirst = ({ share }: Claim): Grant['slots'] =>
  share?.kind === 'permits' ? lowestFree(share, new Set()) : undefined
