import type { Books } from '../back-office/books.ts'
import type { NodeTerms } from './node-terms.ts'
import type { Validity } from './validity.ts'

/** What a server process is told to do. One order at a time is answered; `go-on` and `set-clock` are not. */
export type NodeOrder =
  | { readonly type: 'open'; readonly terms: NodeTerms }
  /** Waits until no hold runs any more, and reads the books. */
  | { readonly type: 'read-books' }
  | { readonly type: 'close' }
  /** To a checkout that stands still. */
  | { readonly type: 'go-on'; readonly standing: number }
  /** Sets the wall clock of its locks so far ahead. */
  | { readonly type: 'set-clock'; readonly offsetMs: number }

export type NodeAnswer =
  | { readonly type: 'started' }
  | { readonly type: 'opened'; readonly address: string }
  | { readonly type: 'books'; readonly books: Books }
  | { readonly type: 'closed' }
  | { readonly type: 'failed'; readonly error: string }

/** A lock event as a message can carry it: tokens in decimal digits. */
export interface TravellingLockEvent {
  readonly type: string
  readonly key: string
  readonly fencingToken?: string
  readonly remainingMs?: number
  readonly reason?: string
}

/** What a server process says without being asked. */
export type NodeNews =
  /** It runs: told five times a second. */
  | { readonly type: 'pulse' }
  /** A checkout that is to freeze has looked and not yet written. It waits for `go-on`. */
  | { readonly type: 'standing'; readonly standing: number; readonly seats: readonly string[] }
  /** Where it is to tell of its leases. */
  | { readonly type: 'lock-event'; readonly event: TravellingLockEvent }
  | { readonly type: 'validity'; readonly validity: Validity }

export type NodeMessage = NodeAnswer | NodeNews
