import type { Claim } from '@leasehold/core'
import type { Hold } from './hold.ts'

const NOBODY: ReadonlySet<Hold> = new Set()

/**
 * Who has a place in this process, or asks for it. To the session of one of them the server would grant the lock to the other, too: who excludes whom within
 * the process is decided here.
 */
export class Registry {
  /** Asked for on sessions that many share: of a place one for all of it, and one of each reader. */
  readonly #asked = new Map<string, Hold>()
  /** What waits have brought, on sessions of their own: a request of the same name may be under way beside it. */
  readonly #brought = new Map<string, Hold>()
  /** By place, also those in the other two. */
  readonly #readers = new Map<string, Set<Hold>>()

  get size(): number {
    return this.#asked.size + this.#brought.size
  }

  ask(hold: Hold): void {
    this.#asked.set(nameOf(hold.claim, hold.place), hold)
    this.#enter(hold)
  }

  bring(hold: Hold): void {
    this.#brought.set(nameOf(hold.claim, hold.place), hold)
    this.#enter(hold)
  }

  /** The claim's own. */
  of(claim: Claim, place: string): Hold | undefined {
    const name = nameOf(claim, place)
    return [this.#brought.get(name), this.#asked.get(name)].find((hold) => hold?.isOf(claim) && hold.state !== 'over')
  }

  /** Which decides about the claim before the server is asked: its own hold, or one beside which there is no room. */
  decisiveFor(claim: Claim, place: string): Hold | undefined {
    const known = this.#known(nameOf(claim, place)) ?? this.#known(place)
    if (known !== undefined || this.#readers.size === 0) return known
    const readers = this.#readers.get(place) ?? NOBODY
    return claim.share === undefined ? oneThatStays(readers) : oneThatLeaves(readers)
  }

  delete(hold: Hold): void {
    const name = nameOf(hold.claim, hold.place)
    for (const holds of [this.#asked, this.#brought]) if (holds.get(name) === hold) holds.delete(name)
    const readers = this.#readers.get(hold.place)
    if (readers?.delete(hold) && readers.size === 0) this.#readers.delete(hold.place)
  }

  #enter(hold: Hold): void {
    if (hold.mode === 'exclusive') return
    const readers = this.#readers.get(hold.place) ?? new Set()
    this.#readers.set(hold.place, readers.add(hold))
  }

  #known(name: string): Hold | undefined {
    return this.#brought.get(name) ?? this.#asked.get(name)
  }
}

/** All of a place is one claim's, whoever's it is. */
const nameOf = ({ key, holder, share }: Claim, place: string): string =>
  share === undefined ? place : `${place} ${holder} ${key}`

function oneThatStays(readers: ReadonlySet<Hold>): Hold | undefined {
  let leaving: Hold | undefined
  for (const hold of readers) {
    if (hold.leaving === undefined) return hold
    leaving = hold
  }
  return leaving
}

/** Until its unlock is answered: sent again, that would end the lock of those who came meanwhile. */
function oneThatLeaves(readers: ReadonlySet<Hold>): Hold | undefined {
  for (const hold of readers) if (hold.leaving !== undefined) return hold
  return undefined
}
