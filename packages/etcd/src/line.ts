import type { Candidate, Claim, Grant } from '@leasehold/core'
import type { KeyValue, Operation, Transaction, TransactionAnswer } from './connection.ts'
import { EtcdError, isLeaseGone, isNotNow, isUnknown } from './errors.ts'
import type { Hold, Holds, Won } from './holds.ts'
import type { JointTransactions } from './joint-transactions.ts'
import type { Namespace } from './namespace.ts'
import type { Session } from './session.ts'
import type { Sessions } from './sessions.ts'
import type { Standing } from './standing.ts'
import { isAbsent, isMove, moveTo, placeIn, put, unchangedSince, when } from './transactions.ts'
import type { Predecessor } from './turns.ts'
import { slotsIn, textOf } from './values.ts'

/** Who waits stands on the shortest etcd lease there is, whatever it asks for: a waiter that dies blocks those behind it for no longer. */
export const WAITING_TTL_MS = 1

/** A claim that stands in line, on a session of this process. */
export interface Queued {
  readonly session: Session
  readonly fencingToken: bigint
  /** Of the last change of its place. */
  readonly modRevision: string
  readonly ahead: readonly Predecessor[]
}

/** The steps that put claims in line and move them, each of which is one transaction on a session's lease. */
export class Line {
  readonly #transactions: JointTransactions
  readonly #namespace: Namespace
  readonly #sessions: Sessions
  readonly #holds: Holds
  readonly #standing: Standing
  /** On which session a place hangs that is not held yet. */
  readonly #queued = new Map<string, Session>()

  constructor(
    transactions: JointTransactions,
    namespace: Namespace,
    sessions: Sessions,
    holds: Holds,
    standing: Standing,
  ) {
    this.#transactions = transactions
    this.#namespace = namespace
    this.#sessions = sessions
    this.#holds = holds
    this.#standing = standing
  }

  /** Runs a step on a live session. A session that etcd has forgotten is replaced: the step had no effect. */
  async onSession<T>(ttlMs: number, step: (session: Session) => Promise<T>): Promise<T> {
    try {
      return await this.#visit(ttlMs, step)
    } catch (error) {
      if (!isLeaseGone(error)) throw error
      return this.#visit(ttlMs, step)
    }
  }

  /**
   * Sends what hangs places on a session, and perhaps removes others from those that they leave. Without an answer it may still take effect, also later, and nothing would
   * ever remove what hangs on a lease that is kept alive: the sessions are given up.
   */
  async write(transaction: Transaction, session: Session, left?: Session): Promise<TransactionAnswer> {
    // It may be revoked already, or is about to be.
    if (session.ended !== undefined) throw new EtcdError('LEASE_GONE', 'the etcd lease has ended')
    const moves = isMove(transaction)
    try {
      const answer = await this.#transactions.txn(transaction)
      // Meanwhile something else has put it in doubt. It goes as soon as nothing is known to hang on it, and a hold that is valid may not be known to.
      if (moves && answer.succeeded && session.ended !== undefined) session.spare()
      return answer
    } catch (error) {
      if (isUnknown(error)) left?.end('doubtful')
      this.#failed(session, moves, error)
      throw error
    }
  }

  #failed(session: Session, moves: boolean, error: unknown): void {
    // By its former etcd lease a hold is valid that may hang on this one now.
    if (moves && (isUnknown(error) || isNotNow(error))) session.spare()
    if (isUnknown(error)) session.end('doubtful')
  }

  /** Takes a place at the end of the line, or finds the one that was taken before. */
  enqueue(candidate: Candidate): Promise<Queued> {
    const place = this.#namespace.placeOf(candidate)
    return this.onSession(WAITING_TTL_MS, async (session) => {
      const answer = await this.write(when([isAbsent(place)], ...this.entering(candidate, session)), session)
      return this.entered(candidate, session, answer)
    })
  }

  /** What to do for a claim that has no place yet, and for one that has. */
  entering(candidate: Candidate, session: Session): [Operation[], Operation[]] {
    const reads = this.#standing.readsAhead(candidate)
    const place = this.#namespace.placeOf(candidate)
    return [[put(place, textOf(candidate, candidate), session.leaseId), ...reads], reads]
  }

  /** By an answer that ends with what was read. */
  async entered(claim: Claim, session: Session, answer: TransactionAnswer): Promise<Queued> {
    const place = this.#namespace.placeOf(claim)
    const stands = this.#standing.behind(claim, answer)
    if (stands === undefined) throw new Error('etcd answered without the place that was just taken')
    const { own, ahead } = stands
    // On another one of ours it was granted the lock, by an attempt under way beside this: it stays there for as long as that asked for.
    const held = this.#holds.get(place)?.session ?? this.#sessions.live(own.lease)
    const found = own.lease === session.leaseId ? session : held
    const modRevision = found ? own.mod_revision : await this.move(place, own.mod_revision, session)
    if (modRevision === undefined) throw new Error('the place in line has changed meanwhile')
    const standsOn = found ?? session
    this.#stand(place, standsOn)
    return { session: standsOn, fencingToken: BigInt(own.create_revision), modRevision, ahead }
  }

  /**
   * Hangs a place on a session, whatever it hung on: that is how a hold goes to another process with its token. Resolves with the
   * revision of the move; `undefined`: the place is not as it was read.
   */
  async move(place: string, modRevision: string, session: Session): Promise<string | undefined> {
    const moving = when([unchangedSince(place, modRevision)], [moveTo(place, session.leaseId)])
    const { succeeded, header } = await this.write(moving, session)
    return succeeded ? header.revision : undefined
  }

  /**
   * The claim's turn has come. It holds the lock on the etcd lease on which it waited, and goes to one of the TTL that it asks for
   * when it is renewed: most holds are over before. `undefined`: its place is no more, or may not be for long.
   */
  async promote(
    claim: Claim,
    ttlMs: number,
    { session, fencingToken, modRevision }: Queued,
  ): Promise<Grant | undefined> {
    // Who waits asks for nothing, so after a while there is nothing by which its keepalives count.
    if (session.ageMs >= session.ttlMs / 2) await session.settle()
    if (session.ended !== undefined || session.ageMs >= session.ttlMs) return undefined
    const lasts = session.ttlMs >= this.#sessions.seconds(ttlMs) * 1000
    if (lasts || session.ageMs < session.ttlMs / 2) return this.hold(claim, { fencingToken }, session, modRevision)
    const place = this.#namespace.placeOf(claim)
    return this.onSession(ttlMs, async (longer) => {
      const moved = await this.move(place, modRevision, longer)
      return moved ? this.hold(claim, { fencingToken }, longer, moved) : undefined
    })
  }

  /** The hold as it is known here from now on: `revision` hung it on the session. */
  hold(claim: Claim, won: Won, session: Session, revision: string): Grant {
    const place = this.#namespace.placeOf(claim)
    const known = this.#holds.get(place)
    if (!isTrusted(session, known)) throw new EtcdError('LEASE_GONE', 'the etcd lease ended while a claim came to it')
    // Answers may overtake each other.
    if (known !== undefined && BigInt(known.revision) > BigInt(revision)) return grantOn(known.session, known)
    const former = [known?.session, this.#queued.get(place)]
    this.#holds.begin(claim, place, won, session, revision)
    this.#queued.delete(place)
    session.enter(place)
    for (const each of former) if (each !== session) this.leave(each, place)
    return grantOn(session, won)
  }

  /** The grant of a claim that holds its lock on a session of this process: what remains of it. Undefined: it hangs elsewhere, or runs out. */
  again(claim: Claim, held: KeyValue, session: Session): Grant | undefined {
    const hold = this.#holds.get(placeIn(held))
    if (hold === undefined)
      return held.lease === session.leaseId ? this.hold(claim, wonBy(held), session, held.mod_revision) : undefined
    const ttlMs = this.#holds.remainingMs(hold)
    const { since: _, ...grant } = grantOn(hold.session, hold)
    return hold.session.leaseId === held.lease && ttlMs > 0 ? { ...grant, ttlMs } : undefined
  }

  /** By which the claim was granted the lock here, and has not lost it since as far as is known. */
  held(place: string): Hold | undefined {
    return this.#holds.get(place)
  }

  /** Forgets the claim; the session that its place hung on, if it was one of this process. */
  drop(place: string): Session | undefined {
    const session = this.#holds.drop(place)?.session ?? this.#queued.get(place)
    this.#queued.delete(place)
    return session
  }

  leave(session: Session | undefined, place: string): void {
    if (session !== undefined) this.#sessions.leave(session, place)
  }

  #stand(place: string, session: Session): void {
    const former = this.#queued.get(place)
    this.#queued.set(place, session)
    session.enter(place)
    if (former !== undefined && former !== session) this.#sessions.leave(former, place)
  }

  async #visit<T>(ttlMs: number, step: (session: Session) => Promise<T>): Promise<T> {
    const visit = Symbol()
    const session = await this.#sessions.visit(ttlMs, visit)
    try {
      return await step(session)
    } catch (error) {
      if (isLeaseGone(error)) session.end('gone')
      throw error
    } finally {
      this.#sessions.leave(session, visit)
    }
  }
}

/**
 * Nobody may be told of a grant after the loss of it. And from a lease in doubt the place of a claim that is new may have been moved, to one that is shorter; a hold
 * that is known here is not moved so.
 */
const isTrusted = (session: Session, known: Hold | undefined): boolean =>
  session.ended === undefined || (session.ended === 'doubtful' && known !== undefined)

/** The server keeps the session for its TTL from its last keepalive. */
export function grantOn({ ttlMs, aliveAt }: Session, { fencingToken, slots }: Won): Grant {
  const grant = { granted: true, ttlMs, fencingToken, since: aliveAt } as const
  return slots === undefined ? grant : { ...grant, slots }
}

/** By a place that holds a lock. Of permits it was read with its value. */
export const wonBy = (held: KeyValue): Won => ({ fencingToken: BigInt(held.create_revision), slots: slotsIn(held) })
