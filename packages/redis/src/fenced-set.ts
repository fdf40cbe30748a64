import { LeaseholdError } from '@leasehold/core'
import { type CommandingClient, commanderOf } from './clients/commander.ts'
import { fenceName } from './fence-name.ts'
import { withoutArguments } from './redaction.ts'
import { runScript } from './script.ts'
import { fencedSet as script } from './scripts/fenced-set.ts'

export interface FencedSetOptions {
  /** When the value expires, in whole milliseconds. The highest token does so a day later. Default: never. */
  readonly ttlMs?: number | undefined
}

/** By so much a fence outlives its value: whoever writes later than that with an old token is not stopped. */
const OUTLIVES_MS = 24 * 60 * 60 * 1000

/**
 * Sets a value, unless a newer lease has set it: then it throws `STALE_TOKEN` and changes nothing. Equal tokens pass: they are writes of one
 * and the same lease. Over your own client; every write of the value must go this way. The highest token stands beside the value, in its slot, under `fence:{<key>}`, or under `<key>:fence`
 * where the key has a hash tag. Rule: M. Kleppmann, "How to do distributed locking" (2016).
 */
export async function fencedSet(
  client: CommandingClient,
  key: string,
  value: string | Buffer,
  fencingToken: bigint,
  { ttlMs }: FencedSetOptions = {},
): Promise<void> {
  if (typeof fencingToken !== 'bigint' || fencingToken < 0n)
    throw new TypeError('fencingToken must be a bigint, not negative')
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs > 0))
    throw new RangeError('ttlMs must be a whole number above 0')
  const { commander, keyPrefix, hashedPrefix } = commanderOf('client', client)
  const names = [`${keyPrefix}${key}`, `${keyPrefix}${fenceName(hashedPrefix, key)}`]
  let newer: unknown
  try {
    const args = [String(fencingToken), value, ttlMs ?? '', ttlMs === undefined ? '' : ttlMs + OUTLIVES_MS]
    newer = await runScript(commander, script, names, args)
  } catch (error) {
    throw withoutArguments(error)
  }
  if (newer !== null) {
    const message = `stale fencing token ${fencingToken} for ${JSON.stringify(key)}: ${newer} was accepted`
    throw new LeaseholdError('STALE_TOKEN', message, { key })
  }
}
