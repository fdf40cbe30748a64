import type { Claim, Contended, Grant, Terms } from '@leasehold/core'
import type { Compare, KeyValue, Operation } from './connection.ts'
import { type Line, wonBy } from './line.ts'
import type { Namespace } from './namespace.ts'
import { isForPermits, type Permits } from './permits.ts'
import type { Session } from './session.ts'
import type { Look, Standing } from './standing.ts'
import { moveTo, put, unchangedSince, when } from './transactions.ts'
import { slotsOfFirst, textOf } from './values.ts'

const CONTENDED: Contended = { granted: false }

/** Attempts: every one is a transaction that takes all places or none. */
export class Attempts {
  readonly #namespace: Namespace
  readonly #line: Line
  readonly #standing: Standing
  readonly #permits: Permits

  constructor(namespace: Namespace, line: Line, standing: Standing, permits: Permits) {
    this.#namespace = namespace
    this.#line = line
    this.#standing = standing
    this.#permits = permits
  }

  async one(claim: Claim, terms: Terms): Promise<Grant | Contended> {
    const candidate = { ...claim, ...terms }
    if (isForPermits(candidate)) {
      const answer = await this.#permits.attempt(candidate)
      return answer.granted ? answer : CONTENDED
    }
    const answer = await this.all([claim], terms)
    return 'granted' in answer ? answer : (answer[0] as Grant)
  }

  /** Permits among them are granted where nobody else has any. */
  async all(claims: readonly Claim[], terms: Terms): Promise<readonly Grant[] | Contended> {
    return this.#line.onSession(terms.ttlMs, (session) => this.#take(claims, terms, session))
  }

  async #take(claims: readonly Claim[], terms: Terms, session: Session): Promise<readonly Grant[] | Contended> {
    const open = claims.flatMap((claim) => this.#standing.open(claim))
    const puts = claims.map((claim) => this.#put(claim, terms, session))
    const reads = claims.flatMap((claim) => this.#standing.reads(claim))
    const answer = await this.#line.write(when(open, puts, reads), session)
    const { revision } = answer.header
    const fencingToken = BigInt(revision)
    if (answer.succeeded)
      return claims.map((claim) =>
        this.#line.hold(claim, { fencingToken, slots: slotsOfFirst(claim) }, session, revision),
      )
    return this.#takeRest(claims, this.#standing.looks(claims, answer), terms, session)
  }

  /** Some of them are held already: by others, or by these very claims, whose attempt is repeated. */
  async #takeRest(
    claims: readonly Claim[],
    looks: readonly Look[],
    terms: Terms,
    session: Session,
  ): Promise<readonly Grant[] | Contended> {
    if (looks.some(({ isBlocked }) => isBlocked)) return CONTENDED
    const held = looks.map((look) => look.held)
    const known = claims.map((claim, i) => held[i] && this.#line.again(claim, held[i], session))
    if (known.every((grant) => grant !== undefined)) return known
    const compare = claims.flatMap((claim, i) => this.#unchanged(claim, held[i]))
    const writes = claims.map((claim, i) =>
      held[i] === undefined
        ? this.#put(claim, terms, session)
        : moveTo(this.#namespace.placeOf(claim), session.leaseId),
    )
    const { succeeded, header } = await this.#line.write(when(compare, writes), session)
    if (!succeeded) return CONTENDED
    const won = (claim: Claim, i: number) =>
      held[i] ? wonBy(held[i]) : { fencingToken: BigInt(header.revision), slots: slotsOfFirst(claim) }
    return claims.map((claim, i) => this.#line.hold(claim, won(claim, i), session, header.revision))
  }

  #put(claim: Claim, terms: Terms, { leaseId }: Session): Operation {
    return put(this.#namespace.placeOf(claim), textOf(claim, terms, slotsOfFirst(claim)), leaseId)
  }

  #unchanged(claim: Claim, held: KeyValue | undefined): Compare[] {
    return held === undefined
      ? this.#standing.open(claim)
      : [unchangedSince(this.#namespace.placeOf(claim), held.mod_revision)]
  }
}
