/** Nothing took effect, and asking again is of no use: not logged in, wrong password, no permission for a command, a key or a channel. */
const REFUSED = /\b(NOAUTH|WRONGPASS|NOPERM)\b|invalid password/

/** READONLY, LOADING, CLUSTERDOWN, MASTERDOWN, OOM, a broken connection: another time, or on another node, it may go well. */
export const classifyRedisError = (error: unknown): 'refused' | 'unavailable' =>
  error instanceof Error && REFUSED.test(error.message) ? 'refused' : 'unavailable'
