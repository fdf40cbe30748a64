/**
 * Nothing took effect, and asking again is of no use: wrong password, not logged in, no such database, no permission for a command, a key or a channel. Who is not logged in
 * may not send more than ten arguments, and is told just that. What a script may not do is told in words of its own.
 */
const REFUSED =
  /\b(NOAUTH|WRONGPASS|NOPERM)\b|invalid password|unauthenticated|DB index is out of range|The user executing the script can't|ACL failure in script/

const NO_SCRIPTS = /unknown command\W+eval/i

/** What was found out here to be of no use. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** READONLY, LOADING, CLUSTERDOWN, MASTERDOWN, OOM, a broken connection: another time, or on another node, it may go well. */
export const classifyRedisError = (error: unknown): 'refused' | 'unavailable' =>
  error instanceof Refused || (error instanceof Error && REFUSED.test(error.message)) ? 'refused' : 'unavailable'

/** What the server says, or, of a script that it did not take, what that means. */
export const inWords = (error: Error): Error =>
  NO_SCRIPTS.test(error.message) ? new Refused('the server runs no scripts (EVAL), and every lock is one') : error
