import { randomBytes } from 'node:crypto'
import type { Claim } from '@leasehold/core'

/** A run of keys in etcd: from `key` up to, not including, `range_end`. */
export interface KeyRange {
  readonly key: Buffer
  readonly range_end: Buffer
}

/**
 * Names of locks in etcd: `namespace/lock/holder`. Whoever stands in line for a lock has a key below its prefix; the one created first holds it.
 * The lock is percent-encoded, so no part contains the separator and no two claims share a key.
 */
export class Namespace {
  readonly #name: string
  /** Of this process. No lock has an empty name, so its keys are nobody's place. */
  readonly #sessions: string
  /** Claims come again with every renewal. */
  readonly #places = new WeakMap<Claim, string>()

  constructor(name: string) {
    if (!/^[\w.-]{1,100}$/.test(name))
      throw new RangeError('namespace must be 1 to 100 letters, digits, ".", "_" or "-"')
    this.#name = name
    this.#sessions = `${name}//${randomBytes(8).toString('hex')}/`
  }

  get range(): KeyRange {
    return below(`${this.#name}/`)
  }

  /** The keys of all etcd leases of this process. */
  get sessionKeys(): KeyRange {
    return below(this.#sessions)
  }

  /** A key that ends with its etcd lease. */
  sessionKey(leaseId: string): string {
    return this.#sessions + leaseId
  }

  /** All who stand in line for the lock. */
  lineFor(lock: string): KeyRange {
    return below(this.#prefix(lock))
  }

  /** The key of one claim, its place in the line. */
  placeOf(claim: Claim): string {
    const known = this.#places.get(claim)
    if (known !== undefined) return known
    const place = this.#prefix(claim.key) + claim.holder
    this.#places.set(claim, place)
    return place
  }

  #prefix(lock: string): string {
    return `${this.#name}/${encodeURIComponent(lock)}/`
  }
}

/** What all places of one lock have in common. */
export const lineOf = (place: string): string => place.slice(0, place.lastIndexOf('/'))

/** '0' comes right after '/'. */
const below = (prefix: string): KeyRange => ({
  key: Buffer.from(prefix),
  range_end: Buffer.from(`${prefix.slice(0, -1)}0`),
})
