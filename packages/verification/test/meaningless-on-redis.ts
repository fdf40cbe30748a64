import type { Need } from '@leasehold/core/conformance'

/**
 * Whether a restart keeps the holds is a matter of the server's settings, and no two keys share a place. Holds outlive the connection: no end of a session is told. Tokens are microseconds, far below 2^53, no request waits for
 * another, and nothing is told of changes.
 */
export const meaninglessOnRedis: readonly Need[] = [
  'survivesRestart',
  'collidingKeys',
  'tellsLosses',
  'raiseTokens',
  'stall',
  'watch',
]
