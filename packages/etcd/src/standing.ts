import type { Claim } from '@leasehold/core'
import type { Compare, KeyValue, Operation, TransactionAnswer } from './connection.ts'
import { kindOf, type Namespace } from './namespace.ts'
import { isAbsent, isEmpty, placeIn, rangeOf, readHolder, readLine, readPlace, readValue } from './transactions.ts'
import type { Predecessor } from './turns.ts'
import { slotsIn } from './values.ts'

/** What a claim's lock is like for it. */
export interface Look {
  /** Its place, by which it holds the lock, or its part. */
  readonly held: KeyValue | undefined
  /** Others have the lock, or stand before it in line. */
  readonly isBlocked: boolean
}

/**
 * Who holds a lock, by the places in its line. All of it: the first. A reader: who has only readers ahead. Permits: who has slots, which are written in the place when all ahead have
 * theirs. Nobody enters ahead of anybody, so who holds by this rule goes on to, and grants are in the order of the line, as the tokens are: the revisions at which places were taken.
 */
export class Standing {
  readonly #namespace: Namespace

  constructor(namespace: Namespace) {
    this.#namespace = namespace
  }

  /** Under these conditions a place that is put is a hold at once: nobody stands in the line, or readers alone, where a reader comes to them. */
  open(claim: Claim): Compare[] {
    if (claim.share?.kind !== 'shared') return [isEmpty(this.#namespace.lineFor(claim.key))]
    return [isEmpty(this.#namespace.othersThanReaders(claim.key)), isAbsent(this.#namespace.placeOf(claim))]
  }

  /** What is to be read to know whether it holds its lock. */
  reads(claim: Claim): Operation[] {
    const place = this.#namespace.placeOf(claim)
    if (claim.share === undefined) return [readHolder(this.#namespace.lineFor(claim.key))]
    if (claim.share.kind === 'permits') return [readValue(place)]
    return [readPlace(place), readHolder(this.#namespace.othersThanReaders(claim.key))]
  }

  /** `index`: of the first of these reads in the answer. */
  look(claim: Claim, answer: TransactionAnswer, index = 0): Look {
    const [first] = rangeOf(answer, index)
    const [other] = claim.share?.kind === 'shared' ? rangeOf(answer, index + 1) : []
    const held = this.#isHold(claim, first, other) ? first : undefined
    return { held, isBlocked: held === undefined && (first ?? other) !== undefined }
  }

  #isHold(claim: Claim, first: KeyValue | undefined, other: KeyValue | undefined): boolean {
    const { share } = claim
    if (first === undefined) return false
    if (share === undefined) return placeIn(first) === this.#namespace.placeOf(claim)
    if (share.kind === 'permits') return slotsIn(first) !== undefined
    return other === undefined || isBefore(first, other)
  }

  /** By an answer that begins with what was read for each of them. */
  looks(claims: readonly Claim[], answer: TransactionAnswer): Look[] {
    let index = 0
    return claims.map((claim) => {
      const look = this.look(claim, answer, index)
      index += this.reads(claim).length
      return look
    })
  }

  /** What is to be read to know where it stands, and behind whom. */
  readsAhead(claim: Claim): Operation[] {
    const place = readPlace(this.#namespace.placeOf(claim))
    if (claim.share === undefined) return [readLine(this.#namespace.lineFor(claim.key))]
    // Behind whom a claim for permits stands is read again and again.
    if (claim.share.kind === 'permits') return [place]
    return [place, readLine(this.#namespace.othersThanReaders(claim.key))]
  }

  /** Those ahead in whose way it is not are left out: readers, for a reader. */
  behind(
    claim: Claim,
    answer: TransactionAnswer,
  ): { readonly own: KeyValue; readonly ahead: readonly Predecessor[] } | undefined {
    const reads = this.readsAhead(claim)
    const places = reads.flatMap((_, i) => rangeOf(answer, answer.responses.length - reads.length + i))
    const own = places.find((each) => placeIn(each) === this.#namespace.placeOf(claim))
    if (own === undefined) return undefined
    const ahead = places.filter((each) => isBefore(each, own))
    return { own, ahead: ahead.map((each) => ({ place: placeIn(each), since: BigInt(each.create_revision) })) }
  }
}

/** Those who hold a lock, of its whole line in the order of arrival. */
export function holdersOf(line: readonly KeyValue[]): readonly KeyValue[] {
  const [first] = line
  if (first === undefined) return []
  const kind = kindOf(placeIn(first))
  if (kind === 'all') return [first]
  const isHolder = (place: KeyValue) =>
    kindOf(placeIn(place)) === kind && (kind === 'shared' || slotsIn(place) !== undefined)
  const end = line.findIndex((place) => !isHolder(place))
  return end < 0 ? line : line.slice(0, end)
}

const isBefore = (one: KeyValue, other: KeyValue): boolean =>
  BigInt(one.create_revision) < BigInt(other.create_revision)
