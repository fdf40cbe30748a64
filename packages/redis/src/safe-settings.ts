/**
 * What a duplicate must not take over from your client. The driver's defaults send a command again when the connection broke after the server
 * had run it, and keep commands for later when their caller has long given up.
 */
export const safeSettings = (replyTimeoutMs: number): Record<string, unknown> => ({
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
  connectTimeout: replyTimeoutMs,
  // A server that loads its data says so itself, and a user of few permissions may not run INFO.
  enableReadyCheck: false,
  // Nothing but what is needed before the first command.
  disableClientInfo: true,
  keepAlive: 5000,
  keyPrefix: '',
  stringNumbers: false,
  readOnly: false,
  monitor: false,
  protocol: 2,
  replyMapping: 'legacy',
})
