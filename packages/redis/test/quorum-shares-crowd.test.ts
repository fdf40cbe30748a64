import { createLocks, type Lease, type Locks, shared } from '@leasehold/core'
import { checkHistory, type HistoryEvent } from '@leasehold/core/conformance'
import { type Server, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { startQuorumStanding } from './quorum-standing.ts'

const standing = await startQuorumStanding(3, { appendonly: 'yes' })
const { servers, open } = standing
afterAll(standing.stop)

const KINDS = ['shared', 'shared', 'shared', 'whole'] as const
type Kind = (typeof KINDS)[number]

/** Readers and a writer of several clients who want one key again and again. */
class Crowd {
  readonly #key: string
  readonly #everybody: readonly Locks[]
  readonly #events: HistoryEvent[] = []
  readonly #turns = new Map<string, number>()
  #over = false

  constructor(key: string, clients: number) {
    this.#key = key
    this.#everybody = Array.from({ length: clients }, () => createLocks(open(), { whenHeld: 'wait' }))
  }

  /** The fewest turns that anybody has had. */
  get fewest(): number {
    return this.#turns.size < this.#everybody.length * KINDS.length ? 0 : Math.min(...this.#turns.values())
  }

  get history(): readonly HistoryEvent[] {
    return this.#events
  }

  begin(): Promise<unknown> {
    return Promise.all(
      this.#everybody.flatMap((locks, client) =>
        KINDS.map((kind, index) => this.#contend(locks, kind, `${client} ${kind} ${index}`)),
      ),
    )
  }

  stop(): void {
    this.#over = true
  }

  async #contend(locks: Locks, kind: Kind, name: string): Promise<void> {
    for (let turn = 1; !this.#over; turn += 1) {
      await this.#visit(locks, kind, `${name}.${turn}`)
      this.#turns.set(name, turn)
    }
  }

  async #visit(locks: Locks, kind: Kind, lease: string): Promise<void> {
    this.#events.push({ type: 'asked', lease, at: process.hrtime.bigint() })
    const held: Lease = await (kind === 'whole' ? locks.named(this.#key) : shared(locks, this.#key)).acquire()
    const at = process.hrtime.bigint()
    const validUntil = at + BigInt(Math.max(0, Math.floor(held.remainingMs * 1_000_000)))
    const granted = { type: 'granted', lease, key: this.#key, at, validUntil, fencingToken: held.fencingToken } as const
    this.#events.push(kind === 'shared' ? { ...granted, kind } : granted)
    await new Promise((resolve) => setImmediate(resolve))
    this.#events.push({ type: 'ended', lease, at: process.hrtime.bigint() })
    await held.release()
  }
}

describe('a crowd of readers and writers', () => {
  it('keeps apart what excludes each other, and everybody has turns: nobody starves', async () => {
    const crowd = new Crowd('sound', 3)
    const visits = crowd.begin()
    await until('everybody has turns', () => crowd.fewest >= 10)
    crowd.stop()
    await visits
    expect(checkHistory(crowd.history)).toEqual([])
  })

  it('does so while a node hangs, and after it goes on', async () => {
    const crowd = new Crowd('harmed', 3)
    const visits = crowd.begin()
    for (const server of servers as [Server, Server, Server]) {
      const before = crowd.fewest
      server.freeze()
      await until('everybody has turns without it', () => crowd.fewest >= before + 3)
      server.thaw()
      await until('everybody has turns with it', () => crowd.fewest >= before + 5)
    }
    crowd.stop()
    await visits
    expect(checkHistory(crowd.history)).toEqual([])
  })
})
