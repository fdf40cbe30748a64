import type { LockEvent } from '../events.ts'

/** What is told of a lease, beside its key and its token. */
export type LeaseEvent = Told<Extract<LockEvent, { readonly fencingToken: bigint }>>

type Told<Event> = Event extends unknown ? Omit<Event, 'key' | 'fencingToken'> : never
