import type { Share } from '@leasehold/core'
import type { HoldTold } from '@leasehold/core/conformance'
import type { Prng } from '../simulation/prng.ts'

interface Hold extends HoldTold {
  readonly holder: string
  readonly share: Share | undefined
  readonly slots: readonly number[]
  readonly freedAt: number
}

/** How long the server keeps a key: the TTL, and up to so much more. */
export interface Times {
  readonly ttl: number
  readonly slack: number
}

/** A lock server as simple as it can be: one key, each request in one step. Its clock is that of the history. */
export class ReferenceServer {
  readonly #prng: Prng
  readonly #times: Times
  #holds: Hold[] = []
  #token = 0n

  constructor(prng: Prng, times: Times) {
    this.#prng = prng
    this.#times = times
  }

  acquire(at: number, holder: string, share: Share | undefined): HoldTold | 'contended' {
    const holds = this.#holdsAt(at)
    const own = holds.find((hold) => hold.holder === holder)
    if (own) return told(own)
    const slots = slotsFor(share, holds)
    if (slots === undefined) return 'contended'
    this.#token += BigInt(this.#prng.integer(1, 3))
    const hold = { holder, share, slots, fencingToken: this.#token, freedAt: this.#freedAt(at) }
    this.#holds = [...holds, hold]
    return told(hold)
  }

  renew(at: number, holder: string): HoldTold | 'gone' {
    const holds = this.#holdsAt(at)
    const own = holds.find((hold) => hold.holder === holder)
    if (own === undefined) return 'gone'
    const longer = { ...own, freedAt: Math.max(own.freedAt, this.#freedAt(at)) }
    this.#holds = holds.map((hold) => (hold === own ? longer : hold))
    return told(longer)
  }

  release(at: number, holder: string): 'released' | 'not-held' {
    const holds = this.#holdsAt(at)
    this.#holds = holds.filter((hold) => hold.holder !== holder)
    return this.#holds.length < holds.length ? 'released' : 'not-held'
  }

  clear(): 'done' {
    this.#holds = []
    return 'done'
  }

  #holdsAt(at: number): Hold[] {
    return this.#holds.filter(({ freedAt }) => freedAt > at)
  }

  #freedAt(at: number): number {
    return at + this.#times.ttl + this.#prng.integer(0, this.#times.slack)
  }
}

const told = ({ fencingToken, slots, share }: Hold): HoldTold =>
  share?.kind === 'permits' ? { fencingToken, slots } : { fencingToken }

function slotsFor(share: Share | undefined, holds: readonly Hold[]): readonly number[] | undefined {
  if (share === undefined) return holds.length === 0 ? [] : undefined
  if (holds.some((hold) => hold.share?.kind !== share.kind)) return undefined
  if (share.kind === 'shared') return []
  const taken = new Set(holds.flatMap(({ slots }) => slots))
  const free = Array.from({ length: share.of }, (_, slot) => slot).filter((slot) => !taken.has(slot))
  return free.length < share.take ? undefined : free.slice(0, share.take)
}
