import type { NodeAddress } from '../node-address.ts'
import type { NodeRedisClient } from '../redis-shapes.ts'
import { nameOfOurs } from './name-of-ours.ts'

export interface ConnectionTerms {
  readonly connectTimeout: number
  /** Ends the socket, whatever it is doing. */
  readonly signal: AbortSignal
  /** What is asked when a connection broke, or could not be made. */
  readonly reconnectStrategy: (retries: number, cause: Error) => false
}

/**
 * What a duplicate must not take over from your client. Kept are the address, where none is found out, TLS, credentials, the database, the name and the protocol: RESP3 renews credentials where RESP2
 * cannot. The driver's defaults connect again by themselves, and keep commands for later when their caller has long given up.
 */
export const nodeRedisSettings = (
  { options }: Pick<NodeRedisClient, 'options'>,
  terms: ConnectionTerms,
  place: NodeAddress | undefined,
): Record<string, unknown> => ({
  // What it says stands in the other options, too; here it would overrule them.
  url: undefined,
  socket: {
    ...options?.socket,
    ...(place && { host: place.host, port: place.port }),
    ...terms,
    // Silence is watched from here.
    socketTimeout: undefined,
    // In milliseconds, in the words of 4 and of later versions.
    keepAlive: 5000,
    keepAliveInitialDelay: 5000,
  },
  disableOfflineQueue: true,
  commandsQueueMaxLength: undefined,
  // Answers as they come: neither other types, nor an end of commands that the server may have run.
  commandOptions: { timeout: undefined },
  // Nothing but what is needed before the first command.
  disableClientInfo: true,
  pingInterval: undefined,
  readonly: false,
  ...nameOfOurs('name', options?.name),
  keyPrefix: undefined,
  clientSideCache: undefined,
  emitInvalidate: undefined,
  // They would move the connection to another server, with what was not sent yet.
  maintNotifications: 'disabled',
  // Of 4.
  legacyMode: false,
  isolationPoolOptions: undefined,
})
