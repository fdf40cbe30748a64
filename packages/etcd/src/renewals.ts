import type { Claim, Renewal } from '@leasehold/core'
import type { EtcdConnection, KeyValue } from './connection.ts'
import type { Hold, Holds } from './holds.ts'
import { grantOn, type Line } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import { inChunks, placeIn, rangeOf, readHolder, readPlace, when } from './transactions.ts'

/** A hold that is renewed, and where its answer goes. */
interface Entry {
  readonly hold: Hold
  readonly index: number
}

type Answers = (Renewal | undefined)[]

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
    const answers: Answers = claims.map(() => undefined)
    const known = this.#known(claims, this.#sessions.seconds(ttlMs) * 1000)
    await Promise.all([...known].map(([session, entries]) => this.#renewOn(session, entries, answers)))
    const others = claims.flatMap((claim, index) => (answers[index] === undefined ? [{ claim, index }] : []))
    for (const chunk of inChunks(others)) await this.#reclaim(chunk, ttlMs, answers)
    return answers.map((answer) => answer ?? 'gone')
  }

  /** By session: those whose session lasts as long as they ask for. */
  #known(claims: readonly Claim[], ttlMs: number): Map<Session, Entry[]> {
    const known = new Map<Session, Entry[]>()
    for (const [index, claim] of claims.entries()) {
      const hold = this.#holds.get(this.#namespace.placeOf(claim))
      if (hold === undefined || hold.session.ended !== undefined || hold.session.ttlMs < ttlMs) continue
      const entries = known.get(hold.session)
      if (entries === undefined) known.set(hold.session, [{ hold, index }])
      else entries.push({ hold, index })
    }
    return known
  }

  /** Answers for those that hang on the session as before. */
  async #renewOn(session: Session, entries: readonly Entry[], answers: Answers): Promise<void> {
    const looking = Promise.all(inChunks(entries).map((chunk) => this.#attached(session, chunk)))
    const [alive, attached] = await Promise.all([session.keepAlive(), looking])
    if (!alive) return
    // Looked for anew: it may have been released meanwhile, or have run out.
    const held = attached.flat().filter(({ hold }) => this.#holds.get(hold.place) === hold)
    this.#holds.extend(held.map(({ hold }) => hold))
    for (const { hold, index } of held) answers[index] = grantOn(session, hold.fencingToken)
  }

  /** Nearly always all of them. To compare costs a fraction of what it costs to read. */
  async #attached(session: Session, entries: readonly Entry[]): Promise<readonly Entry[]> {
    const compare = entries.map(({ hold }) => hold.attached)
    // Conditions alone are looked at by the member that is asked, which may lag behind. For a read, it asks the leader how far it has to be.
    const read = entries.slice(0, 1).map(({ hold }) => readPlace(hold.place))
    if ((await this.#connection.txn(when(compare, read))).succeeded) return entries
    const answer = await this.#connection.txn(
      when(
        [],
        entries.map(({ hold }) => readPlace(hold.place)),
      ),
    )
    return entries.filter((_, i) => rangeOf(answer, i)[0]?.lease === session.leaseId)
  }

  /** Claims that this process does not hold, or on a session that is too short or came to its end. */
  async #reclaim(
    claims: readonly { readonly claim: Claim; readonly index: number }[],
    ttlMs: number,
    answers: Answers,
  ): Promise<void> {
    const read = claims.map(({ claim }) => readHolder(this.#namespace.lineFor(claim.key)))
    const answer = await this.#connection.txn(when([], read))
    const moving = claims.map(async ({ claim, index }, i) => {
      const place = this.#namespace.placeOf(claim)
      const [holder] = rangeOf(answer, i)
      const holds = holder !== undefined && placeIn(holder) === place
      answers[index] = holds ? await this.#moveHere(claim, holder, ttlMs) : this.#gone(place)
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
