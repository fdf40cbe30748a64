/** Codes are stable; messages are not. */
export type ErrorCode =
  /** `waitMs` was over before the lock was granted. */
  | 'ACQUIRE_TIMEOUT'
  /** The lease ended other than by release: its time ran out, or the backend says that the claim is gone. */
  | 'LEASE_LOST'
  /** The lease is valid, but for less time than was asked for. */
  | 'LEASE_EXPIRING'
  /** The lease was released or handed off: this object holds nothing any more. */
  | 'LEASE_ENDED'
  /** No answer from the backend: the outcome of the operation is unknown. */
  | 'BACKEND_UNAVAILABLE'
  /** The backend refused and will refuse again: credentials, schema, version, permissions. Nothing took effect. */
  | 'BACKEND_REFUSED'
  /** This code runs under a lease on the key (inside `run`) and would wait for itself. */
  | 'SELF_DEADLOCK'
  /** A cap on leases or waiters is reached. */
  | 'LIMIT_REACHED'
  /** The backend has no such operation. */
  | 'UNSUPPORTED'
  /** `close()` was called. */
  | 'CLOSED'
  /** A fenced write came with a token older than one already accepted. */
  | 'STALE_TOKEN'

const marker = Symbol.for('leasehold.error')

/** The one class of error that Leasehold throws, beside `TypeError` and `RangeError` for bad input and the reason of an aborted signal. */
export class LeaseholdError extends Error {
  override readonly name = 'LeaseholdError'
  readonly code: ErrorCode
  /** The key concerned, where there is one. */
  readonly key: string | undefined

  constructor(code: ErrorCode, message: string, details: { key?: string | undefined; cause?: unknown } = {}) {
    super(message, details.cause === undefined ? undefined : details)
    this.code = code
    this.key = details.key
  }

  get [marker](): true {
    return true
  }
}

/** True for errors of any copy of this package that is loaded, unlike `instanceof`. With `code`, only for that one. */
export function isLeaseholdError(error: unknown, code?: undefined): error is LeaseholdError
export function isLeaseholdError<Code extends ErrorCode>(
  error: unknown,
  code: ErrorCode extends Code ? never : Code,
): error is LeaseholdError & { readonly code: Code }
/** Where `code` may be any, or left out, a false answer says nothing of what the error is. */
export function isLeaseholdError(error: unknown, code: ErrorCode | undefined): boolean
export function isLeaseholdError(error: unknown, code?: ErrorCode): boolean {
  const it = error as { [marker]?: unknown; code?: unknown } | null | undefined
  return it?.[marker] === true && (!code || it.code === code)
}

/** An error about a lease; `what` completes the sentence. */
export const leaseError = (code: ErrorCode, key: string, what: string): LeaseholdError =>
  new LeaseholdError(code, `the lease on ${JSON.stringify(key)} ${what}`, { key })

export const closedError = (): LeaseholdError => new LeaseholdError('CLOSED', 'locks are closed')
