import type { Sql } from '../database/database.ts'
import { SeatFeed, type SeatState, type SeatStates } from './seat-feed.ts'

const STATES = `
  select seats.id, case when sold_to is not null then 'sold' when holds.id is not null then 'held' else 'free' end as state
  from seats left join holds on holds.id = seats.held_by and holds.state in ('open', 'paying', 'paid')`

const RETRY_MS = 1000

/**
 * Keeps every open seat map up to date. Reads of the database run one after the other, so that no browser is told an older
 * state after a newer one.
 */
export class SeatBoard {
  readonly #sql: Sql
  readonly #feeds = new Set<SeatFeed>()
  readonly #newcomers = new Set<SeatFeed>()
  readonly #changed = new Set<string>()
  #missedSome = false
  #publishing = false

  constructor(sql: Sql) {
    this.#sql = sql
  }

  /** Starts with every seat, so whoever comes back after an interruption has missed nothing. */
  open(): SeatFeed {
    const feed = new SeatFeed()
    this.#newcomers.add(feed)
    void this.#publish()
    return feed
  }

  close(feed: SeatFeed): void {
    this.#newcomers.delete(feed)
    this.#feeds.delete(feed)
    feed.stop()
  }

  /** Undefined: any of them. */
  changed(seats: readonly string[] | undefined): void {
    if (seats === undefined) this.#missedSome = true
    for (const seat of seats ?? []) this.#changed.add(seat)
    void this.#publish()
  }

  async #publish(): Promise<void> {
    if (this.#publishing) return
    this.#publishing = true
    try {
      while (this.#newcomers.size > 0 || (this.#hasNews() && this.#feeds.size > 0)) await this.#publishOnce()
    } catch (error) {
      console.error('The seat map could not be brought up to date and will be tried again:', error)
      setTimeout(() => void this.#publish(), RETRY_MS).unref()
    } finally {
      this.#publishing = false
    }
  }

  #hasNews(): boolean {
    return this.#changed.size > 0 || this.#missedSome
  }

  async #publishOnce(): Promise<void> {
    const newcomers = [...this.#newcomers]
    const seats = [...this.#changed]
    const all = this.#missedSome
    this.#changed.clear()
    this.#missedSome = false
    const states = await this.#read(all || newcomers.length > 0 ? undefined : seats).catch((error: unknown) => {
      for (const seat of seats) this.#changed.add(seat)
      this.#missedSome ||= all
      throw error
    })
    const changed = all ? states : Object.fromEntries(seats.map((seat) => [seat, states[seat] ?? 'free']))
    for (const feed of this.#feeds) feed.push(changed)
    for (const feed of newcomers) this.#welcome(feed, states)
  }

  /** Unless it has left while the seats were read. */
  #welcome(feed: SeatFeed, states: SeatStates): void {
    if (!this.#newcomers.delete(feed)) return
    this.#feeds.add(feed)
    feed.push(states)
  }

  async #read(seats: readonly string[] | undefined): Promise<SeatStates> {
    const rows = await (seats === undefined
      ? this.#sql.query<{ id: string; state: SeatState }>(STATES)
      : this.#sql.query<{ id: string; state: SeatState }>(`${STATES} where seats.id = any($1)`, [seats]))
    return Object.fromEntries(rows.map(({ id, state }) => [id, state]))
  }
}
