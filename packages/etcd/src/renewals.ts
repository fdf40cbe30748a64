import type { Claim, Renewal } from '@leasehold/core'
import type { EtcdConnection, KeyValue } from './connection.ts'
import type { Hold, Holds } from './holds.ts'
import { grantOn, type Line } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { hangsOn, placeIn, rangeOf, readHolder, readPlace, when } from './transactions.ts'

/** etcd takes 128 operations in a transaction unless told otherwise. */
const MAX_OPERATIONS = 100

/**
 * Holds on a session of this process are renewed together: one keepalive, and a look at each whether it hangs there still,
 * since another process may have released a claim or moved it. All others are looked up and moved to a session here.
 */
export class Renewals {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #sessions: Sessions
  readonly #line: Line
  readonly #holds: Holds

  constructor(connection: EtcdConnection, namespace: Namespace, sessions: Sessions, line: Line, holds: Holds) {
    this.#connection = connection
    this.#namespace = namespace
    this.#sessions = sessions
    this.#line = line
    this.#holds = holds
  }

  async renew(claims: readonly Claim[], ttlMs: number): Promise<readonly Renewal[]> {
    const places = claims.map((claim) => this.#namespace.placeOf(claim))
    const answers = await this.#renewKnown(places, ttlMs)
    const others = claims.filter((_, i) => !answers.has(places[i] ?? ''))
    for (const chunk of inChunks(others)) await this.#reclaim(chunk, ttlMs, answers)
    return places.map((place) => answers.get(place) ?? 'gone')
  }

  async #renewKnown(places: readonly string[], ttlMs: number): Promise<Map<string, Renewal>> {
    const answers = new Map<string, Renewal>()
    const sessions = new Map<Session, Hold[]>()
    for (const place of places) {
      const hold = this.#holds.get(place)
      if (hold === undefined || !this.#suffices(hold, ttlMs)) continue
      sessions.set(hold.session, [...(sessions.get(hold.session) ?? []), hold])
    }
    const renewing = [...sessions].map(([session, holds]) => this.#renewOn(session, holds, answers))
    await Promise.all(renewing)
    return answers
  }

  #suffices({ session }: Hold, ttlMs: number): boolean {
    return session.ended === undefined && session.ttlMs >= this.#sessions.seconds(ttlMs) * 1000
  }

  /** Answers for those that hang on the session as before. */
  async #renewOn(session: Session, holds: readonly Hold[], answers: Map<string, Renewal>): Promise<void> {
    const [alive, attached] = await Promise.all([session.keepAlive(), this.#attached(session, holds)])
    if (!alive) return
    for (const hold of holds) {
      // Looked for anew: it may have been released meanwhile, or have run out.
      if (!attached.has(hold) || this.#holds.get(hold.place) !== hold) continue
      this.#holds.extend(hold)
      answers.set(hold.place, grantOn(session, hold.fencingToken))
    }
  }

  async #attached(session: Session, holds: readonly Hold[]): Promise<Set<Hold>> {
    const found = await Promise.all(inChunks(holds).map((chunk) => this.#attachedOf(session, chunk)))
    return new Set(found.flat())
  }

  /** Nearly always all of them. To compare costs a fraction of what it costs to read, which comes after. */
  async #attachedOf(session: Session, holds: readonly Hold[]): Promise<readonly Hold[]> {
    const compare = holds.map(({ place }) => hangsOn(place, session.leaseId))
    const read = holds.map(({ place }) => readPlace(place))
    const answer = await this.#connection.txn(when(compare, [], read))
    if (answer.succeeded) return holds
    return holds.filter((_, i) => rangeOf(answer, i)[0]?.lease === session.leaseId)
  }

  /** Claims that this process does not hold, or on a session that came to its end. */
  async #reclaim(claims: readonly Claim[], ttlMs: number, answers: Map<string, Renewal>): Promise<void> {
    const read = claims.map(({ key }) => readHolder(this.#namespace.lineFor(key)))
    const answer = await this.#connection.txn(when([], read))
    const moving = claims.map(async (claim, i) => {
      const place = this.#namespace.placeOf(claim)
      const [holder] = rangeOf(answer, i)
      const holds = holder !== undefined && placeIn(holder) === place
      answers.set(place, holds ? await this.#moveHere(claim, holder, ttlMs) : this.#gone(place))
    })
    await Promise.all(moving)
  }

  async #moveHere(
    claim: Claim,
    { key, create_revision, mod_revision, lease }: KeyValue,
    ttlMs: number,
  ): Promise<Renewal> {
    const fencingToken = BigInt(create_revision)
    const place = key.toString()
    // Never shortened: it stays at least as long as where it hung.
    const keepMs = Math.max(ttlMs, await this.#remainingMs(place, lease))
    return this.#line.onSession(keepMs, async (session) => {
      // Changed since it was read: to whatever end, the next renewal will see.
      if (!(await this.#line.move(place, mod_revision, session))) return 'unknown'
      return this.#line.hold(claim, fencingToken, session)
    })
  }

  async #remainingMs(place: string, leaseId: string): Promise<number> {
    const hold = this.#holds.get(place)
    if (hold?.session.leaseId === leaseId) return this.#holds.remainingMs(hold)
    return (await this.#connection.remainingSeconds(leaseId)) * 1000
  }

  #gone(place: string): Renewal {
    this.#line.leave(this.#line.drop(place), place)
    return 'gone'
  }
}

const inChunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MAX_OPERATIONS) }, (_, i) =>
    all.slice(i * MAX_OPERATIONS, (i + 1) * MAX_OPERATIONS),
  )
