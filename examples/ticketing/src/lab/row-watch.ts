import type { Sql } from '../database/database.ts'
import type { NodeName } from './fact.ts'
import { type RefusedWrite, readSeatBooks, type SeatBooks } from './seat-books.ts'
import type { Timeline } from './timeline.ts'

const NOTHING: SeatBooks = { fence: '0', sold: [], refused: [], refunded: [], unfinished: 0 }

/** The row of the seat, and what hangs on it: looks, and records what has changed. */
export class RowWatch {
  readonly #sql: Sql
  readonly #seat: string
  readonly #timeline: Timeline
  readonly #nodeOfToken: (token: string) => NodeName | undefined
  readonly #nodeOfHold = new Map<string, NodeName>()
  #books = NOTHING
  #looking = Promise.resolve()

  constructor(sql: Sql, seat: string, timeline: Timeline, nodeOfToken: (token: string) => NodeName | undefined) {
    this.#sql = sql
    this.#seat = seat
    this.#timeline = timeline
    this.#nodeOfToken = nodeOfToken
  }

  get books(): SeatBooks {
    return this.#books
  }

  get isSold(): boolean {
    return this.#books.sold.length > 0
  }

  /** Whose customer's hold this is. */
  knows(hold: string, node: NodeName): void {
    this.#nodeOfHold.set(hold, node)
  }

  nodeOf(hold: string): NodeName {
    return this.#nodeOfHold.get(hold) ?? 'somebody'
  }

  /** Looks that cross would tell everything twice: they take turns. */
  look(): Promise<void> {
    this.#looking = this.#looking.catch(() => {}).then(() => this.#look())
    return this.#looking
  }

  async #look(): Promise<void> {
    const before = this.#books
    const books = await readSeatBooks(this.#sql, this.#seat)
    this.#books = books
    this.#tellFence(before, books)
    for (const hold of books.sold.slice(before.sold.length)) this.#tellSale(hold, hold !== books.sold[0])
    const known = new Set(before.refused.map(({ hold }) => hold))
    for (const refused of books.refused) if (!known.has(refused.hold)) this.#tellRefusal(refused)
    for (const hold of books.refunded) if (!before.refunded.includes(hold)) this.#tellRefund(hold)
    if (books.fence === before.fence && books.sold.length === before.sold.length) return
    this.#timeline.record({ type: 'row', fence: books.fence, soldBy: books.sold.map((hold) => this.nodeOf(hold)) })
  }

  #tellFence(before: SeatBooks, { fence }: SeatBooks): void {
    if (fence === before.fence) return
    const whose = this.#nodeOfToken(fence)
    this.#note(
      'plain',
      `Fence raised to token ${fence}${whose ? ` of ${whose}` : ''}: older ones are refused from now on.`,
    )
  }

  #tellSale(hold: string, isAgain: boolean): void {
    const node = this.nodeOf(hold)
    this.#timeline.record({ type: 'write', node, outcome: isAgain ? 'again' : 'sold' })
    if (isAgain) this.#note('bad', `${node} writes as well, and nothing stops it. The seat is sold again.`)
    else this.#note('good', `${node} writes: the seat is sold.`)
  }

  #tellRefusal({ hold, why }: RefusedWrite): void {
    const node = this.nodeOf(hold)
    if (why === 'taken') this.#note('plain', `${node} finds the seat sold, and does not write.`)
    if (why === 'expired') this.#note('plain', `${node} finds its lease gone, and does not write.`)
    if (why !== 'stale') return
    this.#timeline.record({ type: 'write', node, outcome: 'refused' })
    this.#note('good', `The late write of ${node} is refused: its token is older than the fence.`)
  }

  #tellRefund(hold: string): void {
    this.#note('plain', `The customer of ${this.nodeOf(hold)} gets the money back.`)
  }

  #note(tone: 'plain' | 'good' | 'bad', text: string): void {
    this.#timeline.note('row', tone, text)
  }
}
