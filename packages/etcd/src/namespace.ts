import { randomBytes } from 'node:crypto'
import type { Claim } from '@leasehold/core'

/** A run of keys in etcd: from `key` up to, not including, `range_end`. */
export interface KeyRange {
  readonly key: Buffer
  readonly range_end: Buffer
}

/** What of a lock is wanted, as a place says it. No holder begins so; and those of readers come last, so that all others are one run of keys. */
const MARKS = { permits: '~permits-', shared: '~shared-' } as const

/**
 * Names of locks in etcd: `namespace/lock/holder`. Whoever stands in line for a lock has a key below its prefix; the one created first holds it. Who wants a part of it has a mark before the holder.
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

  /** Those of them who keep readers out. */
  othersThanReaders(lock: string): KeyRange {
    const prefix = this.#prefix(lock)
    return { key: Buffer.from(prefix), range_end: Buffer.from(prefix + MARKS.shared) }
  }

  permitsFor(lock: string): KeyRange {
    return below(this.#prefix(lock) + MARKS.permits)
  }

  /** All who stand in line for locks that begin so, after this key if one is given; and perhaps keys of `namespace//`. */
  linesFrom(prefix: string, after?: string): KeyRange {
    const { key, range_end } = below(`${this.#name}/${encodeURIComponent(prefix)}`)
    return { key: after === undefined ? key : Buffer.from(`${after}\0`), range_end }
  }

  /** The lock of a place; undefined for other keys. */
  lockOf(place: string): string | undefined {
    const encoded = lineOf(place).slice(this.#name.length + 1)
    try {
      return encoded === '' || encoded.startsWith('/') ? undefined : decodeURIComponent(encoded)
    } catch {
      // Not written by us.
      return undefined
    }
  }

  /** Where it is said why somebody's hold was ended. */
  reasonFor(holder: string): string {
    return `${this.#name}//forced/${holder}`
  }

  /** Deleted together with a hold, it says to whoever hears of deletions why that was ended. */
  noticeFor(holder: string, reason: string): string {
    return `${this.#notices}${holder}/${Buffer.from(reason).toString('base64url')}`
  }

  /** What such a key says; undefined for others. */
  noticeIn(key: string): { readonly holder: string; readonly why: string } | undefined {
    if (!key.startsWith(this.#notices)) return undefined
    const [holder = '', reason = ''] = key.slice(this.#notices.length).split('/')
    return { holder, why: Buffer.from(reason, 'base64url').toString() }
  }

  get #notices(): string {
    return `${this.#name}//notice/`
  }

  /** The key of one claim, its place in the line. */
  placeOf(claim: Claim): string {
    const known = this.#places.get(claim)
    if (known !== undefined) return known
    const place = this.#prefix(claim.key) + (claim.share ? MARKS[claim.share.kind] : '') + claim.holder
    this.#places.set(claim, place)
    return place
  }

  #prefix(lock: string): string {
    return `${this.#name}/${encodeURIComponent(lock)}/`
  }
}

/** What all places of one lock have in common. */
export const lineOf = (place: string): string => place.slice(0, place.lastIndexOf('/'))

const nameIn = (place: string): string => place.slice(place.lastIndexOf('/') + 1)

/** What of its lock a place stands for. */
export function kindOf(place: string): 'all' | keyof typeof MARKS {
  const name = nameIn(place)
  if (!name.startsWith('~')) return 'all'
  return name.startsWith(MARKS.shared) ? 'shared' : 'permits'
}

/** Whose place it is. */
export function holderOf(place: string): string {
  const kind = kindOf(place)
  return nameIn(place).slice(kind === 'all' ? 0 : MARKS[kind].length)
}

/** All keys that begin so: names are ASCII, and its last character is followed by another one. */
function below(prefix: string): KeyRange {
  const end = Buffer.from(prefix)
  end[end.length - 1] = (end.at(-1) as number) + 1
  return { key: Buffer.from(prefix), range_end: end }
}
