import type { RedisClient, RedisCommander, RedisConnection } from './redis-shapes.ts'

/** A duplicate of your client, to be connected once. */
export function duplicateOf(client: RedisClient, replyTimeoutMs: number): RedisConnection {
  const redis = client.duplicate(safeSettings(replyTimeoutMs, client.options.sentinels?.length))
  // What listens to the sentinels for it does not end by itself.
  if (client.options.failoverDetector) redis.on('end', () => redis.disconnect())
  return redis
}

/** The driver would go on in the first database where the server refuses yours: who may have it would lock beside who may not. */
export async function selectDatabase(redis: RedisCommander, { options }: Pick<RedisClient, 'options'>): Promise<void> {
  if (options.db) await redis.call('SELECT', options.db)
}

/**
 * What a duplicate must not take over from your client. The driver's defaults send a command again when the connection broke after the server
 * had run it, and keep commands for later when their caller has long given up. Sentinels are asked one after the other, and then there is the server itself: all of them but one may
 * hang.
 */
export const safeSettings = (replyTimeoutMs: number, sentinels = 0): Record<string, unknown> => ({
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
  connectTimeout: Math.ceil(replyTimeoutMs / (sentinels + 1)),
  sentinelCommandTimeout: Math.ceil(replyTimeoutMs / (sentinels + 1)),
  // A server that loads its data says so itself, and a user of few permissions may not run INFO.
  enableReadyCheck: false,
  // Nothing but what is needed before the first command.
  disableClientInfo: true,
  keepAlive: 5000,
  keyPrefix: '',
  db: 0,
  stringNumbers: false,
  readOnly: false,
  monitor: false,
  protocol: 2,
  replyMapping: 'legacy',
})
