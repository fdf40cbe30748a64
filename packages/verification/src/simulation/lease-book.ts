import type { Lease } from '@leasehold/core'
import type { Machine } from './machine.ts'
import type { Part } from './part.ts'

/** A lease as the program of a process knows it. */
export interface LeaseEntry {
  readonly machine: Machine
  readonly key: string
  readonly token: bigint
  readonly part: Part
  readonly lease: Pick<Lease, 'remainingMs' | 'signal'>
  /** Whether the program listens to the signal: it is made on demand, so not listening is a path of its own. */
  readonly listens: boolean
  /** The owner released it, handed it off or closed its locks: from here on it claims nothing. */
  letGo: boolean
  /** It was let go to whoever takes up its handle: that ends no other lease of the grant. */
  handedOff?: boolean
  /** The last true time at which it was looked at and called itself valid. */
  lastValidMs?: number
}

const id = (key: string, token: bigint) => `${key}/${token}`

/** Every lease that a program has got, by the grant it came from: a handle taken up twice makes two leases of one grant. */
export class LeaseBook {
  #open: LeaseEntry[] = []
  readonly #byGrant = new Map<string, LeaseEntry[]>()
  readonly #shared = new Set<string>()

  add(entry: LeaseEntry): LeaseEntry {
    this.#open.push(entry)
    const siblings = this.#byGrant.get(id(entry.key, entry.token)) ?? []
    this.#byGrant.set(id(entry.key, entry.token), [...siblings, entry])
    return entry
  }

  /** Of every grant of which there is one lease at a time: of two of one claim, either may end the other. */
  unshared(): readonly LeaseEntry[] {
    return [...this.#byGrant.values()].flat().filter((entry) => !this.isShared(entry))
  }

  ofGrant(key: string, token: bigint): readonly LeaseEntry[] {
    return this.#byGrant.get(id(key, token)) ?? []
  }

  /** The handle of this grant was sent twice: two processes may hold it at once, and either may end it. */
  share(key: string, token: bigint): void {
    this.#shared.add(id(key, token))
  }

  isShared({ key, token }: LeaseEntry): boolean {
    return this.#shared.has(id(key, token))
  }

  /** Leases that may still claim to be valid. Those let go, and those of the dead, are dropped on the way. */
  open(): readonly LeaseEntry[] {
    if (this.#open.some(isClosed)) this.#open = this.#open.filter((entry) => !isClosed(entry))
    return this.#open
  }
}

const isClosed = ({ letGo, machine }: LeaseEntry) => letGo || machine.dead
