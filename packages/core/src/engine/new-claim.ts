import type { Claim, Share } from '../contract.ts'

const ID_BYTES = 16
const pool = Buffer.allocUnsafe(32 * ID_BYTES)
let text = ''
let used = 0

/**
 * For a holder of 128 unguessable bits, from a pool: asking the system for each would cost as much as the rest of an acquire. By the global `crypto`, which Node
 * loads at its first use: an import would make every load of this package pay for it. The pool is small, since each holder keeps all of its text alive.
 */
export function newClaim(key: string, share?: Share): Claim {
  if (used === text.length) {
    crypto.getRandomValues(pool)
    text = pool.toString('hex')
    used = 0
  }
  used += 2 * ID_BYTES
  const holder = text.slice(used - 2 * ID_BYTES, used)
  return share ? { key, holder, share } : { key, holder }
}
