/**
 * Nothing took effect, and asking again is of no use: wrong password, not logged in, no such database, no permission for a command, a key or a channel. Who is not logged in
 * may not send more than ten arguments, and is told just that.
 */
const REFUSED = /\b(NOAUTH|WRONGPASS|NOPERM)\b|invalid password|unauthenticated|DB index is out of range/

/** READONLY, LOADING, CLUSTERDOWN, MASTERDOWN, OOM, a broken connection: another time, or on another node, it may go well. */
export const classifyRedisError = (error: unknown): 'refused' | 'unavailable' =>
  error instanceof Error && REFUSED.test(error.message) ? 'refused' : 'unavailable'
