import type { Lock, LockInspection } from '@leasehold/core'
import type { TravellingLockEvent } from '../node/messages.ts'
import type { Held, NodeName } from './fact.ts'
import type { Timeline } from './timeline.ts'

/** The same deadline, looked at twice over a network, differs by less than this. */
const SAME_MS = 80

interface Watched {
  readonly lock: Lock
  readonly ttlMs: number
  readonly timeline: Timeline
  readonly isSold: () => boolean
}

/** The lock of the seat as the server sees it: looks, and records what has changed. */
export class LockWatch {
  readonly #lock: Lock
  readonly #ttlMs: number
  readonly #timeline: Timeline
  readonly #isSold: () => boolean
  readonly #nodeOf = new Map<string, NodeName>()
  readonly #givenUp = new Set<string>()
  #held: Held | null = null
  #endsAt = 0

  constructor({ lock, ttlMs, timeline, isSold }: Watched) {
    this.#lock = lock
    this.#ttlMs = ttlMs
    this.#timeline = timeline
    this.#isSold = isSold
  }

  /** What a server says of its own lease. */
  hear(node: NodeName, { type, fencingToken: token }: TravellingLockEvent): void {
    if (token === undefined) return
    this.#nodeOf.set(token, node)
    if (type === 'released') this.#givenUp.add(token)
  }

  /** Who was granted this token. */
  nodeOf(token: string): NodeName | undefined {
    return this.#nodeOf.get(token)
  }

  async look(): Promise<void> {
    const held = heldIn(await this.#lock.inspect())
    const endsAt = this.#timeline.nowMs + (held?.remainingMs ?? 0)
    const isSame = held?.token === this.#held?.token
    if (isSame && Math.abs(endsAt - this.#endsAt) < SAME_MS) return
    if (isSame && held === null) return
    if (!isSame) this.#tell(held)
    this.#held = held
    this.#endsAt = endsAt
    this.#timeline.record({ type: 'lock', held })
  }

  #tell(held: Held | null): void {
    const before = this.#held
    if (before !== null) {
      // etcd tells the time left in whole seconds; and what a server says of a release may come after this look.
      const isOver = this.#endsAt - this.#timeline.nowMs < this.#ttlMs / 2
      if (isOver && !this.#givenUp.has(before.token))
        this.#timeline.note('lock', 'warn', `The time of ${before.node} is over: the key is free.`)
      else this.#timeline.note('lock', 'plain', `Takes the key back from ${before.node}, which gave it up.`)
    }
    if (held === null) return
    // A hold that ran out is looked after, or somebody asks for what was sold a moment ago.
    const finds = this.#isSold() ? ', which finds it sold' : ''
    this.#timeline.note('lock', 'plain', `Grants the seat to ${held.node}, with token ${held.token}${finds}.`)
  }
}

function heldIn([present]: readonly LockInspection[]): Held | null {
  if (!present) return null
  const { metadata, fencingToken, remainingMs } = present
  const node = typeof metadata === 'object' && metadata !== null && 'node' in metadata ? String(metadata['node']) : '?'
  return { node, token: String(fencingToken), remainingMs: Math.round(remainingMs) }
}
