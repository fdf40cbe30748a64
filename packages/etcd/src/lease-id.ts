import { randomBytes } from 'node:crypto'

/** Chosen here, so that a grant without an answer can be taken back. Positive, below 2^63. */
export function newLeaseId(): string {
  const bits = randomBytes(8).readBigUInt64BE() >> 1n
  return String(bits === 0n ? 1n : bits)
}
