import type { Claim } from '@leasehold/core'
import { asked, type Calls, columns, only } from './calls.ts'
import type { Listener } from './turns.ts'

/** For so long the server keeps the place of one who is silent. So long a dead one may keep others out. */
const PLACE_MS = 3000
/** How often those who wait say that they are alive. */
const BEAT_MS = 1000
/** An end that is told again and again must not become a busy loop. */
const SOONEST_BEAT_MS = 20
/** In one statement. */
const BATCH = 500

/** One who waits for a key. */
export interface Waiting {
  readonly claim: Claim
  /** To try again. */
  readonly wake: () => void
  /** Undefined: not known yet. 0: none, since nobody has a part of the key. */
  place?: number
  nextBeatMs: number
}

/** Those of this process who wait for their turn. Who has a place in the server's line keeps it by saying now and then that he is alive, all in one statement. */
export class Line implements Listener {
  readonly channel: string
  readonly #calls: Calls
  readonly #waiting = new Set<Waiting>()
  #timer: NodeJS.Timeout | undefined
  #dueMs = Number.POSITIVE_INFINITY

  constructor(calls: Calls, channel: string) {
    this.#calls = calls
    this.channel = channel
  }

  /** Undefined: it may be its turn. */
  async enter(waiting: Waiting): Promise<number | undefined> {
    const { key, holder, share } = waiting.claim
    this.#waiting.add(waiting)
    const row = only(
      await this.#calls.table('await_place($1, $2, $3, $4, $5, $6)', key, holder, ...asked(share), PLACE_MS),
    )
    const place = row['place'] === null ? undefined : Number(row['place'])
    if (place === undefined) return undefined
    waiting.place = place
    if (place > 0 && this.#waiting.has(waiting)) {
      this.#keep(waiting, row['remaining_ms'])
      this.#plan()
    }
    return place
  }

  leave(waiting: Waiting): void {
    this.#waiting.delete(waiting)
  }

  /** Of one who came into line after he had given up. What is not heard of goes by itself. */
  withdraw({ key, holder }: Claim): void {
    this.#calls.value('leave_line($1, $2)', key, holder).catch(() => {})
  }

  /** Up to which place of which key they are let in. */
  heard(payload: string): void {
    const at = payload.indexOf(':')
    const [last, key] = [Number(payload.slice(0, at)), payload.slice(at + 1)]
    for (const { claim, place, wake } of this.#waiting)
      if (claim.key === key && (place === undefined || (place > 0 && place <= last))) wake()
  }

  missed(): void {
    for (const { wake } of this.#waiting) wake()
  }

  close(): void {
    this.#waiting.clear()
    clearTimeout(this.#timer)
  }

  #keep(waiting: Waiting, remainingMs: unknown): void {
    const endsInMs = remainingMs === null ? BEAT_MS : Number(remainingMs) + 1
    waiting.nextBeatMs = performance.now() + Math.min(BEAT_MS, Math.max(SOONEST_BEAT_MS, endsInMs))
  }

  #plan(): void {
    const standing = [...this.#waiting].filter(({ place }) => place)
    const dueMs = Math.min(...standing.map(({ nextBeatMs }) => nextBeatMs))
    if (dueMs === this.#dueMs) return
    clearTimeout(this.#timer)
    this.#dueMs = dueMs
    if (standing.length === 0) return
    this.#timer = setTimeout(() => this.#beat(), Math.max(0, dueMs - performance.now()))
    this.#timer.unref()
  }

  #beat(): void {
    const standing = [...this.#waiting].filter(({ place }) => place)
    // Where the answer is late, or does not come.
    for (const each of standing) this.#keep(each, null)
    this.#plan()
    for (let start = 0; start < standing.length; start += BATCH) {
      this.#say(standing.slice(start, start + BATCH)).catch(() => {})
    }
  }

  /** Whoever has lost his place comes anew. */
  async #say(standing: readonly Waiting[]): Promise<void> {
    const rows = await this.#calls.table(
      'keep_places($1, $2, $3)',
      ...columns(standing.map(({ claim }) => claim)),
      PLACE_MS,
    )
    const kept = new Map(rows.map((row) => [row['claim'], row]))
    for (const [index, each] of standing.entries()) {
      const row = kept.get(index + 1)
      if (row === undefined || row['is_let_in'] === true) each.wake()
      else this.#keep(each, row['remaining_ms'])
    }
    this.#plan()
  }
}
