import type { RedisClient, RedisConnection, RedisLogin } from '../redis-shapes.ts'
import { classifyRedisError } from '../refusals.ts'
import { type AskCredentials, askingFirst } from './credentials.ts'
import { nameOfOurs } from './name-of-ours.ts'
import type { NodeClient } from './node-client.ts'

/** Of `ioredis`, and of what was made from it, such as `iovalkey`: settings that one of them does not know are of no harm. */
export const ioredisClient = (client: RedisClient, credentials?: AskCredentials): NodeClient => ({
  keyPrefix: client.options.keyPrefix ?? '',
  duplicate: (replyTimeoutMs) => askingFirst(duplicateOf(client, replyTimeoutMs), credentials, replyTimeoutMs),
  async prepare(redis) {
    await confirmLogin(redis, client.options)
    // The driver would go on in the first database where the server refuses yours: who may have it would lock beside who may not.
    if (client.options.db) await redis.call('SELECT', client.options.db)
  },
})

/**
 * Before 6, which has the setting `protocol`, the driver does not wait for the answer to its login: with a wrong password, what is sent meanwhile runs as the default user, if that
 * one may. The answer to a second login comes after that to the first.
 */
export async function confirmLogin(redis: RedisConnection, { protocol }: RedisLogin): Promise<void> {
  const { username, password } = redis.options ?? {}
  if (!password || protocol !== undefined) return
  await redis.call('AUTH', ...(username ? [username] : []), password).catch((error: unknown) => {
    // The driver puts up with a password that no server asked for.
    if (classifyRedisError(error) === 'refused') throw error
  })
}

function duplicateOf(client: RedisClient, replyTimeoutMs: number): RedisConnection {
  const { sentinels, connectionName, tls } = client.options
  const settings = {
    ...safeSettings(replyTimeoutMs, tls, sentinels?.length),
    ...nameOfOurs('connectionName', connectionName),
  }
  const redis = client.duplicate(settings)
  // What listens to the sentinels for it does not end by itself.
  if (client.options.failoverDetector) redis.on('end', () => redis.disconnect())
  return redis
}

/**
 * What a duplicate must not take over from your client. The driver's defaults send a command again when the connection broke after the server
 * had run it, and keep commands for later when their caller has long given up. Sentinels are asked one after the other, and then there is the server itself: all of them but one may
 * hang.
 */
export const safeSettings = (replyTimeoutMs: number, tls: unknown, sentinels = 0): Record<string, unknown> => ({
  lazyConnect: true,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  reconnectOnError: null,
  // It rejects while the command still runs; silence ends the connection instead.
  commandTimeout: undefined,
  socketTimeout: undefined,
  // Sooner than the engine gives up: why there is no TLS is to be told.
  connectTimeout: Math.ceil(replyTimeoutMs / (sentinels + (tls ? 2 : 1))),
  sentinelCommandTimeout: Math.ceil(replyTimeoutMs / (sentinels + 1)),
  // A server that loads its data says so itself, and a user of few permissions may not run INFO.
  enableReadyCheck: false,
  // Nothing but what is needed before the first command.
  disableClientInfo: true,
  keepAlive: 5000,
  keyPrefix: '',
  db: 0,
  // Locks are taken at the primary alone.
  role: 'master',
  stringNumbers: false,
  readOnly: false,
  monitor: false,
  protocol: 2,
  replyMapping: 'legacy',
})
