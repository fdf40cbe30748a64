import { whyNotOpened } from '../connection-errors.ts'
import type { RedisConnection } from '../redis-shapes.ts'

/** Opens a connection, asks one thing, and ends it: all of that within so much time, and while it is wanted. */
export async function askOnce(
  redis: RedisConnection,
  patienceMs: number,
  isWanted: AbortSignal | undefined,
  ...command: [string, ...string[]]
): Promise<unknown> {
  let isLate = false
  const late = setTimeout(() => {
    isLate = true
    redis.disconnect()
  }, patienceMs)
  const end = () => redis.disconnect()
  redis.on('error', () => {})
  isWanted?.addEventListener('abort', end)
  try {
    isWanted?.throwIfAborted()
    await redis.connect()
    return await redis.call(...command)
  } catch (error) {
    throw whyNotOpened(isLate ? new Error(`no answer within ${patienceMs} ms`) : error, redis)
  } finally {
    clearTimeout(late)
    isWanted?.removeEventListener('abort', end)
    redis.disconnect()
  }
}
