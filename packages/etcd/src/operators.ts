import type { Inspection, ListedHold } from '@leasehold/core'
import type { EtcdConnection, KeyValue, Operation } from './connection.ts'
import { holderOf, kindOf, type Namespace } from './namespace.ts'
import type { ReasonLease } from './reason-lease.ts'
import { holdersOf } from './standing.ts'
import type { TransactionSize } from './transaction-size.ts'
import { createdAt, placeIn, put, rangeOf, readHold, readPage, readValues, remove, when } from './transactions.ts'
import { metadataIn, shareIn, slotsIn } from './values.ts'

const PAGE = 500

/** Looked up at the same time. */
const LEASES_AT_ONCE = 64

/** A hold, as others see it, and its place. */
interface Shown extends Inspection {
  readonly held: KeyValue
}

/** Who holds what, by the server's word; and the end of it, by force. */
export class Operators {
  readonly #connection: EtcdConnection
  readonly #namespace: Namespace
  readonly #size: TransactionSize
  readonly #reasonLease: ReasonLease

  constructor(connection: EtcdConnection, namespace: Namespace, size: TransactionSize, reasonLease: ReasonLease) {
    this.#connection = connection
    this.#namespace = namespace
    this.#size = size
    this.#reasonLease = reasonLease
  }

  async inspect(lock: string): Promise<readonly Inspection[]> {
    const shown = await this.#shown(await this.#holders(lock))
    return shown.map(({ held: _, ...each }) => each)
  }

  async list(prefix: string, limit: number): Promise<readonly ListedHold[]> {
    const holders: KeyValue[] = []
    let line: KeyValue[] = []
    const lineEnds = () => {
      const inOrder = line.sort((one, other) => (BigInt(one.create_revision) < BigInt(other.create_revision) ? -1 : 1))
      holders.push(...holdersOf(inOrder))
      line = []
    }
    for await (const place of this.#places(prefix)) {
      const isNext = line[0] !== undefined && this.#lockOf(line[0]) !== this.#lockOf(place)
      if (isNext) lineEnds()
      if (holders.length >= limit) break
      line.push(place)
    }
    lineEnds()
    const shown = await this.#shown(holders.slice(0, limit))
    return shown.map(({ held, ...each }) => ({ ...each, key: this.#lockOf(held) as string }))
  }

  /** Each hold is ended in one step with the reason being left for its renewals, and told to those who hear of deletions. */
  async forceRelease(lock: string, reason: string): Promise<number> {
    const holders = await this.#holders(lock)
    if (holders.length === 0) return 0
    let ended = 0
    const endAll = (leaseId: string) =>
      this.#size.inChunks(
        holders,
        () => 4,
        async (chunk) => {
          ended += await this.#end(chunk, reason, leaseId)
        },
      )
    await this.#reasonLease.use(endAll)
    return ended
  }

  /** Whoever is ended already is not counted again. */
  async #end(holders: readonly KeyValue[], reason: string, leaseId: string): Promise<number> {
    const notices = holders.map((held) => put(this.#noticeOf(held, reason), undefined, leaseId))
    await this.#connection.txn(when([], notices))
    const endings = holders.map((held) => this.#ending(held, reason, leaseId))
    const { responses } = await this.#connection.txn(when([], endings))
    return responses.filter(({ response_txn }) => response_txn?.succeeded).length
  }

  async #holders(lock: string): Promise<readonly KeyValue[]> {
    const line = this.#namespace.lineFor(lock)
    const answer = await this.#connection.txn(when([], [readHold(line)]))
    const [first] = rangeOf(answer, 0)
    if (first === undefined || kindOf(placeIn(first)) === 'all') return rangeOf(answer, 0)
    return holdersOf(rangeOf(await this.#connection.txn(when([], [readValues(line)])), 0))
  }

  /** Until when, if its process fell silent now. */
  async #shown(holders: readonly KeyValue[]): Promise<readonly Shown[]> {
    const seconds = new Map<string, number>()
    const leases = [...new Set(holders.map(({ lease }) => lease))]
    for (let at = 0; at < leases.length; at += LEASES_AT_ONCE) {
      const chunk = leases.slice(at, at + LEASES_AT_ONCE)
      const looks = chunk.map(async (lease) => seconds.set(lease, await this.#connection.remainingSeconds(lease)))
      await Promise.all(looks)
    }
    return holders.flatMap((held) => {
      const remainingSeconds = seconds.get(held.lease) ?? -1
      return remainingSeconds < 0 ? [] : [shown(held, remainingSeconds)]
    })
  }

  /** All who stand in lines of locks that begin so, lock by lock. */
  async *#places(prefix: string): AsyncIterable<KeyValue> {
    for (let after: string | undefined, more = true; more; ) {
      const page = readPage(this.#namespace.linesFrom(prefix, after), PAGE)
      const places = rangeOf(await this.#connection.txn(when([], [page])), 0)
      for (const place of places) if (this.#lockOf(place) !== undefined) yield place
      after = places.at(-1)?.key.toString()
      more = places.length === PAGE
    }
  }

  #lockOf(place: KeyValue): string | undefined {
    return this.#namespace.lockOf(placeIn(place))
  }

  /** Its notice is deleted before it: that is the order in which this is heard. */
  #ending(held: KeyValue, reason: string, leaseId: string): Operation {
    const place = placeIn(held)
    const told = put(this.#namespace.reasonFor(holderOf(place)), reason, leaseId)
    const unnoticed = remove(this.#noticeOf(held, reason))
    const isThere = createdAt(place, BigInt(held.create_revision))
    return { request_txn: when([isThere], [unnoticed, remove(place), told], [unnoticed]) }
  }

  #noticeOf(held: KeyValue, reason: string): string {
    return this.#namespace.noticeFor(holderOf(placeIn(held)), reason)
  }
}

function shown(held: KeyValue, remainingSeconds: number): Shown {
  const share = shareIn(held)
  const slots = slotsIn(held)
  return {
    held,
    fencingToken: BigInt(held.create_revision),
    // Told in whole seconds, rounded down.
    remainingMs: remainingSeconds * 1000 + 999,
    metadata: metadataIn(held),
    ...(share && { share }),
    ...(slots && { slots }),
  }
}
