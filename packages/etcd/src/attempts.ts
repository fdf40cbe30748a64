import type { Claim, Contended, Grant, Terms } from '@leasehold/core'
import type { Compare, KeyValue } from './connection.ts'
import type { Holds } from './holds.ts'
import { grantOn, type Line } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Session } from './session.ts'
import { isEmpty, moveTo, placeIn, put, rangeOf, readHolder, unchangedSince, when } from './transactions.ts'

const CONTENDED: Contended = { granted: false }

/** Attempts: every one is a transaction that takes all places or none. */
export class Attempts {
  readonly #namespace: Namespace
  readonly #line: Line
  readonly #holds: Holds

  constructor(namespace: Namespace, line: Line, holds: Holds) {
    this.#namespace = namespace
    this.#line = line
    this.#holds = holds
  }

  async one(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    const answer = await this.all([claim], terms)
    return 'granted' in answer ? answer : (answer[0] as Grant)
  }

  async all(claims: readonly Claim[], terms: Terms): Promise<readonly Grant[] | Contended> {
    return this.#line.onSession(terms.ttlMs, (session) => this.#take(claims, terms, session))
  }

  async #take(claims: readonly Claim[], terms: Terms, session: Session): Promise<readonly Grant[] | Contended> {
    const lines = claims.map(({ key }) => this.#namespace.lineFor(key))
    const puts = claims.map((claim) => put(this.#namespace.placeOf(claim), terms.metadata, session.leaseId))
    const answer = await this.#line.write(when(lines.map(isEmpty), puts, lines.map(readHolder)), session)
    const revision = BigInt(answer.header.revision)
    if (answer.succeeded) return claims.map((claim) => this.#line.hold(claim, revision, session))
    const holders = claims.map((_, index) => rangeOf(answer, index)[0])
    return this.#takeRest(claims, holders, terms, session)
  }

  /** Some of them are held already: by others, or by these very claims, whose attempt is repeated. */
  async #takeRest(
    claims: readonly Claim[],
    holders: readonly (KeyValue | undefined)[],
    terms: Terms,
    session: Session,
  ): Promise<readonly Grant[] | Contended> {
    const places = claims.map((claim) => this.#namespace.placeOf(claim))
    if (holders.some((holder, i) => holder !== undefined && placeIn(holder) !== places[i])) return CONTENDED
    const known = claims.map((claim, i) => this.#repeated(claim, holders[i], session))
    if (known.every((grant) => grant !== undefined)) return known
    const compare = claims.map((claim, i) => this.#unchanged(claim, holders[i]))
    const writes = places.map((place, i) =>
      holders[i] === undefined ? put(place, terms.metadata, session.leaseId) : moveTo(place, session.leaseId),
    )
    const { succeeded, header } = await this.#line.write(when(compare, writes), session)
    if (!succeeded) return CONTENDED
    return claims.map((claim, i) =>
      this.#line.hold(claim, BigInt(holders[i]?.create_revision ?? header.revision), session),
    )
  }

  #unchanged(claim: Claim, holder: KeyValue | undefined): Compare {
    return holder === undefined
      ? isEmpty(this.#namespace.lineFor(claim.key))
      : unchangedSince(placeIn(holder), holder.mod_revision)
  }

  /** The grant of a claim that holds the lock on a session of this process: what remains of it. */
  #repeated(claim: Claim, holder: KeyValue | undefined, session: Session): Grant | undefined {
    if (holder === undefined) return undefined
    const fencingToken = BigInt(holder.create_revision)
    const hold = this.#holds.get(placeIn(holder))
    if (hold === undefined)
      return holder.lease === session.leaseId ? this.#line.hold(claim, fencingToken, session) : undefined
    const ttlMs = this.#holds.remainingMs(hold)
    const lives = hold.session.leaseId === holder.lease && ttlMs > 0
    return lives ? { ...withoutSince(grantOn(hold.session, fencingToken)), ttlMs } : undefined
  }
}

const withoutSince = ({ granted, ttlMs, fencingToken }: Grant): Grant => ({ granted, ttlMs, fencingToken })
