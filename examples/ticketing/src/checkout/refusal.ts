/** Why the box office says no. Codes are for programs, messages for customers. */
export type RefusalCode =
  | 'bad-request'
  | 'unknown-seat'
  | 'too-many-seats'
  | 'seats-taken'
  | 'no-such-hold'
  | 'payment-declined'
  | 'payment-failed'
  | 'payment-under-way'
  | 'not-paid'
  | 'sold-meanwhile'
  | 'hold-ended'
  | 'already-sold'
  | 'try-again'
  | 'not-the-operator'
  | 'no-line'
  | 'line-left'
  | 'cross-site'

export type RefusalStatus = 400 | 402 | 403 | 404 | 409 | 410 | 422 | 503

export class Refusal extends Error {
  readonly status: RefusalStatus
  readonly code: RefusalCode

  constructor(status: RefusalStatus, code: RefusalCode, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

/** Somebody else's hold looks exactly like one that never was. */
export const noSuchHold = (): Refusal => new Refusal(404, 'no-such-hold', 'You have no such hold.')
