import type { HistoryEvent } from '@leasehold/core/conformance'

/** An event on its way between processes: bigints are text that ends with an n. */
export type Noted = Readonly<Record<string, unknown>>

export function notedOf(event: HistoryEvent): Noted {
  const fields = Object.entries(event).map(([name, value]) => [name, typeof value === 'bigint' ? `${value}n` : value])
  return Object.fromEntries(fields)
}

export function eventOf(noted: Noted): HistoryEvent {
  const read = (value: unknown) =>
    typeof value === 'string' && /^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value
  return Object.fromEntries(
    Object.entries(noted).map(([name, value]) => [name, read(value)]),
  ) as unknown as HistoryEvent
}
