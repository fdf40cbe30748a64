/**
 * The rule that was broken.
 *
 * - `S1`: two leases of one key valid at the same true time, or one valid while the server no longer holds the key for it
 * - `S3`: the signal of a lost lease did not abort in time, or a lost lease became valid again
 * - `S4`: a fencing token that did not increase, or changed at a renewal
 * - `S5`: a hold ended, shortened, revived or renewed by somebody who did not have it
 * - `S6`: an acquire of unknown outcome that was never compensated
 * - `S7`: a grant that nobody wanted and nobody gave back
 * - `S8`: an outcome masked, or a rejection that nobody handles
 * - `L1`: nobody could acquire in time after all faults had healed
 * - `L3`: more than one contender of one process waited at the backend for one key
 * - `L4`: a wait that ended too late, or not at all
 * - `L5`: a lease lost, or in jeopardy, although nothing went wrong
 * - `L6`: a timer, waiter, request or hold left behind after `close`
 * - `history`: answers that no lock server can have given, as its clients saw them
 * - `fenced`: a fenced resource that went back or lost an update
 */
export type Rule =
  | 'S1'
  | 'S3'
  | 'S4'
  | 'S5'
  | 'S6'
  | 'S7'
  | 'S8'
  | 'L1'
  | 'L3'
  | 'L4'
  | 'L5'
  | 'L6'
  | 'history'
  | 'fenced'

export interface Violation {
  readonly rule: Rule
  readonly detail: string
}

export type ReportViolation = (rule: Rule, detail: string) => void
