import { withoutArguments } from './redaction.ts'
import type { RedisConnection } from './redis-shapes.ts'
import { Refused } from './refusals.ts'

/** What is said of a command whose connection is over, and not why. */
const OVER = /^Connection is closed\.$|Stream isn't writeable|^the connection was closed$/

/** What `ioredis` says of an answer that nobody waited for. Of a refusal, such as of one connection too many, it is told which. */
const UNASKED = /^Command queue state error\..*?(?: Last error: (.+))?$/s

/** Why a connection may be about to end, as far as this tells. */
export function reasonIn(error: Error): Error | undefined {
  const unasked = UNASKED.exec(error.message)
  if (unasked === null) return error
  return unasked[1] === undefined ? undefined : new Error(unasked[1])
}

export const isOver = (error: unknown): boolean => error instanceof Error && OVER.test(error.message)

/** What is thrown of a command: why its connection is over, where that is known. */
export const withReason = (error: unknown, reason: Error | undefined): Error =>
  withoutArguments(reason && isOver(error) ? reason : error)

const TIMED_OUT = /ETIMEDOUT|Connection timeout|no answer within/

/** Why it could not be opened. A port without TLS takes its beginning for that of a command, and waits for the rest. */
export const whyNotOpened = (error: unknown, { options }: Pick<RedisConnection, 'options'>): Error => {
  if (error instanceof Refused) return error
  const reason = withoutArguments(error)
  if (options?.tls && TIMED_OUT.test(reason.message)) reason.message += ': no answer to TLS; is it a port without?'
  return reason
}

const CUT = /EPIPE|ECONNRESET|Socket closed unexpectedly/

/** What ended before there was any answer. A server with too many connections says so and closes, and who is writing just then does not read it. */
export const turnedAway = (error: Error): Error =>
  CUT.test(error.message)
    ? new Error(`${error.message}: the server closed a new connection; has it too many (maxclients)?`)
    : error
