/**
 * Why etcd gave no answer, or refused.
 *
 * - `UNAVAILABLE`: not reached, or the connection broke. It may have taken effect, or may still
 * - `DEADLINE_EXCEEDED`: no answer in time. It may have taken effect, or may still
 * - `NO_LEADER`: the member that was asked knows of no leader, and has passed nothing on: nothing took effect
 * - `LEASE_GONE`: the transaction named an etcd lease that is no more: nothing took effect
 * - `UNAUTHENTICATED`: wrong or missing password
 * - `PERMISSION_DENIED`: the user's role does not reach so far
 * - `INVALID`: too many keys at once for this etcd, or too large
 */
export type EtcdErrorCode =
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'NO_LEADER'
  | 'LEASE_GONE'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'INVALID'

/** What etcd or the way to it said, in one form whatever the driver. Users find it as `cause` of a `LeaseholdError`. */
export class EtcdError extends Error {
  override readonly name = 'EtcdError'
  readonly code: EtcdErrorCode

  constructor(code: EtcdErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.code = code
  }
}

const codeOf = (error: unknown): EtcdErrorCode => (error instanceof EtcdError ? error.code : 'UNAVAILABLE')

/** The step had no effect: its etcd lease is no more. */
export const isLeaseGone = (error: unknown): boolean => codeOf(error) === 'LEASE_GONE'

/** It may have taken effect, or may still. */
export const isUnknown = (error: unknown): boolean => ['UNAVAILABLE', 'DEADLINE_EXCEEDED'].includes(codeOf(error))

/** Another member may be able to answer. */
export const isOfMember = (error: unknown): boolean => isUnknown(error) || codeOf(error) === 'NO_LEADER'

const REFUSALS: readonly EtcdErrorCode[] = ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'INVALID']

/** Nothing took effect, and asking again is of no use. */
export const classifyEtcdError = (error: unknown): 'refused' | 'unavailable' =>
  REFUSALS.includes(codeOf(error)) ? 'refused' : 'unavailable'
