import { setTimeout as pause } from 'node:timers/promises'
import { TEST_CARDS } from '../payment/bank.ts'
import type { SeatMap } from './seat-map.ts'
import type { Answered, Stopwatch } from './stopwatch.ts'

/** Everybody wants the best seats that are left, so customers get in each other's way. */
const POPULAR_SEATS = 16

/** Whoever is refused takes a moment before he tries another seat. */
const SECOND_THOUGHT_MS = 60

/** A buyer pays and confirms; a frozen one does too, but his checkout stands still; who walks away takes a seat and is never seen again. */
export type Temper = 'buys' | 'freezes' | 'walks-away'

/** Comes for one seat, and goes on to the next free one until he has it, or everything is sold. */
export class Customer {
  readonly #address: string
  readonly #map: SeatMap
  readonly #stopwatch: Stopwatch
  readonly #temper: Temper
  #cookie = ''
  /** Once a freeze had a hand in a visit, it may be behind whatever follows. */
  #inFreeze = false

  constructor(address: string, map: SeatMap, stopwatch: Stopwatch, temper: Temper) {
    this.#address = address
    this.#map = map
    this.#stopwatch = stopwatch
    this.#temper = temper
  }

  async shop(): Promise<void> {
    do {
      const seat =
        anyOf(this.#map.free.slice(0, POPULAR_SEATS)) ?? (this.#map.isSoldOut ? anyOf(this.#map.seats) : undefined)
      if (seat === undefined) await this.#map.changes()
      else if (await this.#visit(seat)) return
      else await pause(SECOND_THOUGHT_MS * (0.5 + Math.random()))
      // Whoever comes to a hall that is sold out has looked at an old page: he asks once, and is refused.
    } while (!this.#map.isSoldOut)
  }

  /** True: this customer is done, with a ticket or without. */
  async #visit(seat: string): Promise<boolean> {
    this.#inFreeze = false
    const held = await this.#send('hold', '/api/holds', { seats: [seat] })
    if (held.status !== 201) return false
    if (this.#temper === 'walks-away') return true
    const card = this.#temper === 'freezes' ? TEST_CARDS.freezesTheCheckout : TEST_CARDS.pays
    const paid = await this.#send('payment', `/api/holds/${held.id}/payment`, { name: 'A customer', card })
    if (paid.status !== 200) return false
    this.#inFreeze ||= this.#temper === 'freezes'
    const confirmed = await this.#send('confirmation', `/api/holds/${held.id}/confirmation`)
    return confirmed.status === 200 || (this.#temper === 'freezes' && (await this.#wroteLate(held.id)))
  }

  /** False: the hold was over before the checkout stood still where it should. Then it comes again. */
  async #wroteLate(hold: string): Promise<boolean> {
    const response = await fetch(`${this.#address}/api/holds/${hold}`, { headers: { cookie: this.#cookie } })
    return ((await response.json()) as { refusedWrite?: string | null }).refusedWrite === 'stale'
  }

  async #send(kind: Answered['kind'], path: string, body?: unknown): Promise<{ status: number; id: string }> {
    let id = ''
    let status = 0
    this.#inFreeze = await this.#stopwatch.time(async () => {
      const response = await fetch(this.#address + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', cookie: this.#cookie },
        body: body === undefined ? null : JSON.stringify(body),
      })
      this.#cookie ||= response.headers.get('set-cookie')?.split(';')[0] ?? ''
      const answer = (await response.json()) as { id?: string; error?: string }
      id = answer.id ?? ''
      status = response.status
      return { kind, status, code: answer.error, node: response.headers.get('x-node') ?? undefined }
    }, this.#inFreeze)
    return { status, id }
  }
}

function anyOf<T>(list: readonly T[]): T | undefined {
  return list[Math.floor(Math.random() * list.length)]
}
