/** etcd knows no such lease: the transaction that named it had no effect. */
export const isLeaseGone = (error: unknown): boolean =>
  /requested lease not found|is expired or revoked/.test(String(error))

/** Nothing took effect, and asking again is of no use. Matched by text: `etcd3` loses the codes of errors that it gives a type. */
const REFUSALS = [
  /authentication failed/,
  /invalid auth token/,
  /user name (is empty|not found)/,
  /permission denied/i,
  /authentication is not enabled/,
  /UNAUTHENTICATED/,
  /too many operations in txn request/,
  /request is too large/,
]

export const classifyEtcdError = (error: unknown): 'refused' | 'unavailable' =>
  REFUSALS.some((refusal) => refusal.test(String(error))) ? 'refused' : 'unavailable'
