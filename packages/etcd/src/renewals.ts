import type { Claim, Renewal, RenewedClaim } from '@leasehold/core'
import type { EtcdConnection, KeyValue } from './connection.ts'
import { isTooMany } from './errors.ts'
import type { Hold, Holds } from './holds.ts'
import { grantOn, type Line, wonBy } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Reasons } from './reasons.ts'
import { RemainingTimes } from './remaining-times.ts'
import type { Removals } from './removals.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Standing } from './standing.ts'
import type { TransactionSize } from './transaction-size.ts'
import { placeIn, rangeOf, readPlace, when } from './transactions.ts'

/** A hold that is renewed, and where its answer goes. */
interface Entry {
  readonly hold: Hold
  readonly index: number
}

/** What is known so far of a batch. No answer: it is to be looked up. */
class Round {
  readonly answers: (Renewal | undefined)[]
  readonly #failures: unknown[] = []

  constructor(count: number) {
    this.answers = Array.from({ length: count })
  }

  /** Without an answer from etcd, it is unknown what became of these. */
  fail(indices: readonly number[], why: unknown): void {
    this.#failures.push(why)
    for (const index of indices) this.answers[index] = 'unknown'
  }

  /** Throws where nothing is known of any. */
  end(): readonly Renewal[] {
    if (this.#failures.length > 0 && this.answers.every((each) => each === 'unknown')) throw this.#failures[0]
    return this.answers.map((each) => each ?? 'gone')
  }
}

/**
 * Holds on sessions of this process are renewed together: one keepalive for each session, of which there is one for each TTL in whole seconds, and a look at all holds whether they hang
 * there still, since another process may have released a claim or moved it. All others are looked up and moved to a session here.
 */
export class Renewals {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #sessions: Sessions
  readonly #line: Line
  readonly #holds: Holds
  readonly #standing: Standing
  readonly #removals: Removals
  readonly #reasons: Reasons
  readonly #size: TransactionSize

  constructor(
    connection: EtcdConnection,
    namespace: Namespace,
    sessions: Sessions,
    line: Line,
    holds: Holds,
    standing: Standing,
    removals: Removals,
    reasons: Reasons,
    size: TransactionSize,
  ) {
    this.#connection = connection
    this.#namespace = namespace
    this.#sessions = sessions
    this.#line = line
    this.#holds = holds
    this.#standing = standing
    this.#removals = removals
    this.#reasons = reasons
    this.#size = size
  }

  async renew(renewals: readonly RenewedClaim[]): Promise<readonly Renewal[]> {
    const round = new Round(renewals.length)
    await this.#size.inChunks(
      this.#known(renewals),
      () => 1,
      (chunk) => this.#renewTogether(chunk, round),
    )
    const others = renewals.flatMap((claim, index) => (round.answers[index] === undefined ? [{ claim, index }] : []))
    const remaining = new RemainingTimes(this.#connection)
    await this.#size.inChunks(
      others,
      ({ claim }) => this.#standing.reads(claim).length,
      (chunk) => this.#reclaim(chunk, round, remaining),
    )
    return round.end()
  }

  /** Those whose session lasts as long as they ask for. */
  #known(renewals: readonly RenewedClaim[]): Entry[] {
    return renewals.flatMap((claim, index) => {
      const hold = this.#holds.get(this.#namespace.placeOf(claim))
      if (hold === undefined || hold.session.ended !== undefined) return []
      return hold.session.ttlMs >= this.#sessions.seconds(claim.ttlMs) * 1000 ? [{ hold, index }] : []
    })
  }

  /** A session that cannot be kept alive is told at once: the look may wait for the same member of the cluster for long. */
  async #renewTogether(entries: readonly Entry[], round: Round): Promise<void> {
    const looking = this.#attached(entries).then((attached) => new Set(attached))
    const renewing = [...bySession(entries)].map(async ([session, those]) => {
      try {
        const [alive, attached] = await Promise.all([session.keepAlive(), looking])
        if (alive) this.#extend(those, attached, round)
      } catch (error) {
        if (isTooMany(error)) throw error
        round.fail(indicesOf(those), error)
      }
    })
    await Promise.all(renewing)
  }

  /** Answers for those that hang on their session as before. */
  #extend(entries: readonly Entry[], attached: ReadonlySet<Entry>, round: Round): void {
    for (const entry of entries) {
      const { hold, index } = entry
      // Looked for anew: it may have been released meanwhile, or have run out.
      if (!attached.has(entry) || this.#holds.get(hold.place) !== hold) continue
      this.#holds.extend(hold)
      round.answers[index] = grantOn(hold.session, hold)
    }
  }

  /** Nearly always all of them. To compare costs a fraction of what it costs to read. */
  async #attached(entries: readonly Entry[]): Promise<readonly Entry[]> {
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
    return entries.filter(({ hold }, i) => rangeOf(answer, i)[0]?.lease === hold.session.leaseId)
  }

  /** Claims that this process does not hold, or on a session that is too short or came to its end. */
  async #reclaim(
    claims: readonly { readonly claim: RenewedClaim; readonly index: number }[],
    round: Round,
    remaining: RemainingTimes,
  ): Promise<void> {
    const indices = indicesOf(claims)
    for (const { claim } of claims) this.#removals.keep(this.#namespace.placeOf(claim))
    const read = claims.flatMap(({ claim }) => this.#standing.reads(claim))
    const answer = await this.#connection.txn(when([], read)).catch((error: unknown) => {
      if (isTooMany(error)) throw error
      round.fail(indices, error)
    })
    if (answer === undefined) return
    const looks = this.#standing.looks(
      claims.map(({ claim }) => claim),
      answer,
    )
    const moving = claims.map(async ({ claim, index }, i) => {
      round.answers[index] = await this.#settle(claim, looks[i]?.held, remaining, 'may look again')
    })
    const moved = await Promise.allSettled(moving)
    for (const [i, each] of moved.entries())
      if (each.status === 'rejected') round.fail(indices.slice(i, i + 1), each.reason)
  }

  async #settle(
    claim: RenewedClaim,
    held: KeyValue | undefined,
    remaining: RemainingTimes,
    unsettled: 'may look again' | 'unknown',
  ): Promise<Renewal> {
    if (held === undefined) return this.#gone(claim)
    const moved = await this.#moveHere(claim, held, remaining)
    if (moved !== undefined) return moved
    if (unsettled === 'unknown') return 'unknown'
    // Whoever handed it off may have renewed it just now.
    const answer = await this.#connection.txn(when([], this.#standing.reads(claim)))
    return this.#settle(claim, this.#standing.look(claim, answer).held, remaining, 'unknown')
  }

  /**
   * Never shortened: it stays at least as long as where it hung, also where the answer to the move is missing, after which nobody keeps its new etcd lease alive. Undefined: it has changed since it
   * was read.
   */
  async #moveHere(claim: RenewedClaim, held: KeyValue, remaining: RemainingTimes): Promise<Renewal | undefined> {
    const place = placeIn(held)
    const keepMs = await this.#remainingMs(place, held.lease, remaining)
    return this.#line.onSession(Math.max(claim.ttlMs, keepMs), async (session) => {
      if (session.leaseId === held.lease) return this.#line.hold(claim, wonBy(held), session, held.mod_revision)
      await session.lastFor(keepMs)
      const moved = await this.#line.move(place, held.mod_revision, session)
      return moved === undefined ? undefined : this.#line.hold(claim, wonBy(held), session, moved)
    })
  }

  async #remainingMs(place: string, leaseId: string, remaining: RemainingTimes): Promise<number> {
    const hold = this.#holds.get(place)
    return hold?.session.leaseId === leaseId ? this.#holds.remainingMs(hold) : remaining.of(leaseId)
  }

  async #gone(claim: Claim): Promise<Renewal> {
    const place = this.#namespace.placeOf(claim)
    this.#line.leave(this.#line.drop(place), place)
    const why = await this.#reasons.of(claim)
    return why === undefined ? 'gone' : `gone: ${why}`
  }
}

const indicesOf = (entries: readonly { readonly index: number }[]): number[] => entries.map(({ index }) => index)

function bySession(entries: readonly Entry[]): Map<Session, Entry[]> {
  const groups = new Map<Session, Entry[]>()
  for (const entry of entries) {
    const group = groups.get(entry.hold.session)
    if (group === undefined) groups.set(entry.hold.session, [entry])
    else group.push(entry)
  }
  return groups
}
