import type { Claim, Share } from '../contract.ts'

const ID_BYTES = 16
const pool = Buffer.allocUnsafe(256 * ID_BYTES)
let used = pool.length

/**
 * For a holder of 128 unguessable bits, from a pool: asking the system for each would cost as much as the rest of an acquire. By the global `crypto`, which Node
 * loads at its first use: an import would make every load of this package pay for it.
 */
export function newClaim(key: string, share?: Share): Claim {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  used += ID_BYTES
  const holder = pool.toString('hex', used - ID_BYTES, used)
  return share ? { key, holder, share } : { key, holder }
}
