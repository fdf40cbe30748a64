import { LeaseholdError } from '@leasehold/core'
import { commanderOf } from './clients/commander.ts'
import { withoutArguments } from './redaction.ts'
import type { NodeRedisClient, RedisCommander } from './redis-shapes.ts'
import { runScript } from './script.ts'
import { fencedSet as script } from './scripts/fenced-set.ts'

export interface FencedSetOptions {
  /** When the value expires, in whole milliseconds. The highest token does not expire. Default: never. */
  readonly ttlMs?: number | undefined
}

/**
 * Sets a value, unless a newer lease has set it: then it throws `STALE_TOKEN` and changes nothing. Equal tokens pass: they are writes of one
 * and the same lease. Over your own client; every write of the value must go this way. The highest token stands beside the value, under
 * `<key>:fence`: on a Cluster, give the key a hash tag. Rule: M. Kleppmann, "How to do distributed locking" (2016).
 */
export async function fencedSet(
  client: RedisCommander | NodeRedisClient,
  key: string,
  value: string | Buffer,
  fencingToken: bigint,
  { ttlMs }: FencedSetOptions = {},
): Promise<void> {
  if (typeof fencingToken !== 'bigint' || fencingToken < 0n)
    throw new TypeError('fencingToken must be a bigint, not negative')
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs > 0))
    throw new RangeError('ttlMs must be a whole number above 0')
  const { commander, keyPrefix } = commanderOf('client', client)
  const names = [`${keyPrefix}${key}`, `${keyPrefix}${key}:fence`]
  let newer: unknown
  try {
    newer = await runScript(commander, script, names, [String(fencingToken), value, ttlMs ?? ''])
  } catch (error) {
    throw withoutArguments(error)
  }
  if (newer !== null) {
    const message = `stale fencing token ${fencingToken} for ${JSON.stringify(key)}: ${newer} was accepted`
    throw new LeaseholdError('STALE_TOKEN', message, { key })
  }
}
