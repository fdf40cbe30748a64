import type { Candidate, Claim, Clock, Grant, Share } from '@leasehold/core'
import type { Compare, EtcdConnection, KeyValue, Operation, TransactionAnswer } from './connection.ts'
import { type Line, wonBy } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { Session } from './session.ts'
import {
  isEmpty,
  noneSince,
  placeIn,
  put,
  rangeOf,
  readLine,
  readValues,
  unchangedSince,
  when,
} from './transactions.ts'
import type { Predecessor } from './turns.ts'
import { lowestFree, slotsIn, slotsOfFirst, textOf } from './values.ts'

/** Attempts of one process at one key wait for each other, but no longer than this: nothing may have come of the one before for long. */
const IN_TURN_MS = 1_000

/** A claim for permits, and what it asks for. */
export type PermitCandidate = Candidate & { readonly share: Extract<Share, { kind: 'permits' }> }

export const isForPermits = (candidate: Candidate): candidate is PermitCandidate => candidate.share?.kind === 'permits'

/** There is no room yet, and what has to happen before there may be. */
export interface Blocked {
  readonly granted: false
  /** It has a place in the line. */
  readonly isStanding: boolean
  /** Those who have to leave, or to be granted their own permits: all of them, or one of those who have theirs. */
  readonly ahead: readonly Predecessor[]
  readonly enough: 'all' | 'one'
}

/** A line as it was at a revision. Those for permits are read with their values; of others it is enough to know that they are there. */
interface View {
  readonly line: readonly KeyValue[]
  /** Of those who have some. */
  readonly slots: ReadonlyMap<KeyValue, readonly number[]>
  /** Of the claim that looks. */
  readonly own: KeyValue | undefined
  readonly revision: string
}

/** It stands in line no more. */
const GONE: Blocked = { granted: false, isStanding: false, ahead: [], enough: 'all' }

/** A place with slots, if this is still so. */
interface Step {
  readonly compare: Compare
  readonly slots: readonly number[]
}

/**
 * Slots are written in the place of whoever gets them, in the order of the line: those ahead must have theirs. So one claim at most may choose, nobody who is ahead gets others meanwhile, and what was free when
 * it looked stays free until it has written. One that has no place yet takes it with its slots, if nobody has come to the line since it looked.
 */
export class Permits {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #line: Line
  readonly #clock: Clock
  /** The last attempt under way, by key. */
  readonly #attempts = new Map<string, Promise<void>>()

  constructor(connection: EtcdConnection, namespace: Namespace, line: Line, clock: Clock) {
    this.#connection = connection
    this.#namespace = namespace
    this.#line = line
    this.#clock = clock
  }

  /** Of a claim that probably has no place yet. Only one of those under way at the same time gets further: from this process they come one after another. */
  attempt(candidate: PermitCandidate): Promise<Grant | Blocked> {
    const { key } = candidate
    const before = this.#attempts.get(key)
    const attempt =
      before !== undefined ? this.#after(before).then(() => this.#attempt(candidate)) : this.#attempt(candidate)
    const ending = attempt
      .catch(() => {})
      .then(() => {
        if (this.#attempts.get(key) === ending) this.#attempts.delete(key)
      })
    this.#attempts.set(key, ending)
    return attempt
  }

  async #after(before: Promise<void>): Promise<void> {
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = this.#clock.setTimer(IN_TURN_MS, resolve)
    })
    await Promise.race([before, late])
    cancel()
  }

  /** It may be the first. */
  #attempt(candidate: PermitCandidate): Promise<Grant | Blocked> {
    const slots = slotsOfFirst(candidate) as readonly number[]
    const line = this.#namespace.lineFor(candidate.key)
    return this.#line.onSession(candidate.ttlMs, async (session) => {
      const { granted, answer } = await this.#write(candidate, { compare: isEmpty(line), slots }, session)
      return granted ?? this.#settle(candidate, session, answer)
    })
  }

  /** Of a claim that stands in line, for as long as it waits there: one whose place is gone was given up, or has to come anew. */
  async turn(candidate: PermitCandidate, waits: () => boolean): Promise<Grant | Blocked> {
    const stands = (view: View) => view.own !== undefined && waits()
    const answer = await this.#read(candidate)
    // Most looks are too early, and need no session.
    const view = this.#viewOf(candidate, answer)
    const next = stands(view) ? this.#next(candidate, view) : GONE
    if ('isStanding' in next) return next
    return this.#line.onSession(candidate.ttlMs, (session) => this.#settle(candidate, session, answer, stands))
  }

  /** `answer`: of a read. Whenever that is so no more when the next step is to be taken, somebody has got further. No step is taken by a view that may not be gone on. */
  async #settle(
    candidate: PermitCandidate,
    session: Session,
    answer: TransactionAnswer,
    mayGoOn: (view: View) => boolean = () => true,
  ): Promise<Grant | Blocked> {
    const view = this.#viewOf(candidate, answer)
    const next = mayGoOn(view) ? this.#next(candidate, view) : GONE
    if ('isStanding' in next) return next
    if ('held' in next) {
      const again = await this.#again(candidate, next.held, session)
      return again ?? this.#settle(candidate, session, await this.#read(candidate), mayGoOn)
    }
    const { granted, answer: then } = await this.#write(candidate, next, session, view.own)
    return granted ?? this.#settle(candidate, session, then, mayGoOn)
  }

  /** It holds its permits already. Undefined: its place has changed since it was read. */
  async #again(candidate: Claim, own: KeyValue, session: Session): Promise<Grant | undefined> {
    const again = this.#line.again(candidate, own, session)
    if (again !== undefined) return again
    const moved = await this.#line.move(placeIn(own), own.mod_revision, session)
    return moved === undefined ? undefined : this.#line.hold(candidate, wonBy(own), session, moved)
  }

  #next(
    { share, key }: PermitCandidate,
    { line, slots, own, revision }: View,
  ): Step | Blocked | { readonly held: KeyValue } {
    if (own !== undefined && slots.has(own)) return { held: own }
    const ahead = own === undefined ? line : line.slice(0, line.indexOf(own))
    const behind = (places: readonly KeyValue[], enough: Blocked['enough']): Blocked => ({
      granted: false,
      isStanding: own !== undefined,
      ahead: places.map((place) => ({ place: placeIn(place), since: BigInt(revision) })),
      enough,
    })
    const inTheWay = ahead.filter((place) => !slots.has(place))
    if (inTheWay.length > 0) return behind(inTheWay, 'all')
    const free = lowestFree(share, new Set(ahead.flatMap((place) => slots.get(place) ?? [])))
    if (free === undefined) return behind(ahead, 'one')
    const compare = own
      ? unchangedSince(placeIn(own), own.mod_revision)
      : noneSince(this.#namespace.lineFor(key), revision)
    return { compare, slots: free }
  }

  /** Not granted: with what was read instead. */
  async #write(
    candidate: PermitCandidate,
    { compare, slots }: Step,
    session: Session,
    own?: KeyValue,
  ): Promise<{ readonly granted?: Grant; readonly answer: TransactionAnswer }> {
    const place = this.#namespace.placeOf(candidate)
    const value = textOf(candidate, candidate, slots)
    const writing = when([compare], [put(place, value, session.leaseId)], this.#reads(candidate))
    const answer = await this.#line.write(writing, session)
    if (!answer.succeeded) return { answer }
    const { revision } = answer.header
    const fencingToken = BigInt(own?.create_revision ?? revision)
    return { granted: this.#line.hold(candidate, { fencingToken, slots }, session, revision), answer }
  }

  #read(claim: Claim): Promise<TransactionAnswer> {
    return this.#connection.txn(when([], this.#reads(claim)))
  }

  #reads({ key }: Claim): Operation[] {
    return [readLine(this.#namespace.lineFor(key)), readValues(this.#namespace.permitsFor(key))]
  }

  #viewOf(claim: Claim, answer: TransactionAnswer): View {
    const place = this.#namespace.placeOf(claim)
    const permits = new Map(rangeOf(answer, 1).map((each) => [placeIn(each), each]))
    const line = rangeOf(answer, 0).map((each) => permits.get(placeIn(each)) ?? each)
    const own = line.find((each) => placeIn(each) === place)
    return { line, slots: slotsOfAll(line), own, revision: answer.header.revision }
  }
}

function slotsOfAll(line: readonly KeyValue[]): Map<KeyValue, readonly number[]> {
  const all = new Map<KeyValue, readonly number[]>()
  for (const place of line) {
    const slots = slotsIn(place)
    if (slots !== undefined) all.set(place, slots)
  }
  return all
}
