/**
 * Why etcd gave no answer, or refused.
 *
 * - `UNAVAILABLE`: not reached, or the connection broke. It may have taken effect, or may still
 * - `DEADLINE_EXCEEDED`: no answer in time. It may have taken effect, or may still
 * - `NOT_SENT`: no connection came about, or it was gone before the request was: nothing took effect
 * - `NO_LEADER`: the member that was asked knows of no leader, and has passed nothing on: nothing took effect
 * - `LEARNER`: the member that was asked is one that has no vote, and does not serve: nothing took effect
 * - `NOT_NOW`: etcd serves nobody for a while (its space is used up, it has too much to do, an alarm is raised), or the log-in has run out
 * - `LEASE_GONE`: the transaction named an etcd lease that is no more: nothing took effect
 * - `UNAUTHENTICATED`: wrong or missing password
 * - `PERMISSION_DENIED`: the user's role does not reach so far
 * - `TOO_MANY_OPERATIONS`: more keys at once than `--max-txn-ops` of this etcd allows
 * - `INVALID`: too large for this etcd
 */
export type EtcdErrorCode =
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_SENT'
  | 'NO_LEADER'
  | 'LEARNER'
  | 'NOT_NOW'
  | 'LEASE_GONE'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'TOO_MANY_OPERATIONS'
  | 'INVALID'

/** What etcd or the way to it said, in one form whatever the client. Users find it as `cause` of a `LeaseholdError`. */
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

/** It never reached etcd. */
export const isNotSent = (error: unknown): boolean => codeOf(error) === 'NOT_SENT'

/** The member that was asked has done nothing, and another one may. */
export const isForAnother = (error: unknown): boolean => ['NOT_SENT', 'NO_LEADER', 'LEARNER'].includes(codeOf(error))

/** Another member may be able to answer. */
export const isOfMember = (error: unknown): boolean => isUnknown(error) || isForAnother(error)

/**
 * etcd serves nobody for a while. Nothing took effect, but for one case: whatever uses up the last of the space is carried out, and answered like what is
 * refused after it.
 */
export const isNotNow = (error: unknown): boolean => codeOf(error) === 'NOT_NOW'

/** It had no effect, or soon has none that matters, and may be asked for again as it is. */
export const isPassing = (error: unknown): boolean => isForAnother(error) || isNotNow(error)

export const isTooMany = (error: unknown): boolean => codeOf(error) === 'TOO_MANY_OPERATIONS'

const REFUSALS: readonly EtcdErrorCode[] = ['UNAUTHENTICATED', 'PERMISSION_DENIED', 'TOO_MANY_OPERATIONS', 'INVALID']

/** Nothing took effect, and asking again is of no use. */
export const classifyEtcdError = (error: unknown): 'refused' | 'unavailable' =>
  REFUSALS.includes(codeOf(error)) ? 'refused' : 'unavailable'
