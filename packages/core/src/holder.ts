import { randomFillSync } from 'node:crypto'

const ID_BYTES = 16
const pool = Buffer.allocUnsafe(256 * ID_BYTES)
let used = pool.length

/** 128 unguessable bits in hexadecimal, from a pool: asking the system for each id would cost as much as the rest of an acquire. */
export function newHolder(): string {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += ID_BYTES
  return pool.toString('hex', used - ID_BYTES, used)
}
