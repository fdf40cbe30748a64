import type { LeaseholdError } from './errors.ts'

/** Why a lease was lost. */
export type LossReason =
  /** Its validity ran out on one of the holder's clocks. */
  | 'expired'
  /** The backend said that the claim no longer holds the key. */
  | 'gone'
  /** The backend granted the key to another claim of this process: it has forgotten this one. */
  | 'superseded'
  /** `maxHoldMs` was over. */
  | 'max-hold'
  /** Somebody has ended it, with `forceRelease`. */
  | 'forced'

/** What the one observer of `createLocks` is told. Holders, credentials and command arguments never appear. */
export type LockEvent =
  /**
   * A caller found the key held and begins to wait. `heldHere`: by a lease of these very `Locks`. If the code that waits is the code that holds that lease, it waits for itself.
   */
  | { readonly type: 'waiting'; readonly key: string; readonly heldHere: boolean }
  | { readonly type: 'acquired'; readonly key: string; readonly fencingToken: bigint; readonly waitedMs: number }
  | { readonly type: 'renewed'; readonly key: string; readonly fencingToken: bigint; readonly remainingMs: number }
  /** A renewal failed; the lease is still valid for `remainingMs` and renewal is tried again. Told once, until a renewal succeeds. */
  | {
      readonly type: 'jeopardy'
      readonly key: string
      readonly fencingToken: bigint
      readonly remainingMs: number
      readonly error: LeaseholdError
    }
  /** `why`: what `forceRelease` was given. */
  | {
      readonly type: 'lost'
      readonly key: string
      readonly fencingToken: bigint
      readonly reason: LossReason
      readonly why?: string
    }
  | { readonly type: 'released'; readonly key: string; readonly fencingToken: bigint; readonly heldMs: number }
  | { readonly type: 'handed-off'; readonly key: string; readonly fencingToken: bigint }
  | { readonly type: 'resumed'; readonly key: string; readonly fencingToken: bigint }
  /** A claim that nobody wants any more (aborted, timed out, outcome unknown, lost) was withdrawn at the backend. */
  | { readonly type: 'withdrawn'; readonly key: string; readonly endedHold: boolean }
  /** An operation nobody waits for, or one that will be repeated, failed. What the server still holds is gone within one TTL. */
  | {
      readonly type: 'backend-error'
      readonly operation: 'acquire' | 'wait' | 'release' | 'withdraw'
      readonly key: string
      readonly error: LeaseholdError
    }
