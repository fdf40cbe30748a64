import { Alarm } from '../alarm.ts'
import type { Lane, LaneLine } from './lane.ts'

/** Sessions that wait. A session that was granted what it waited for waits no longer, and does not count. */
const AT_MOST_WAITING = 2

/** Those included that wait behind readers for all of a place: out of line, they would be passed for as long as the times of readers overlap. */
const AT_MOST_WAITING_BEHIND_READERS = 8

/** Those included that keep what they waited for: a lock cannot move to another session. */
const AT_MOST = 16

/** Sessions that are kept although they have nothing to do. */
const KEPT = 2

/** By when the others are closed. */
const IDLE_MS = 10_000

/** Between attempts to open one. */
const RETRY_MS = 1000

/**
 * The few sessions of one process that stand in the server's line, and the line of its claims for them: first in, first out. Who finds none is called when it is its
 * turn, and hears of releases meanwhile.
 */
export class Lanes implements LaneLine {
  readonly #open: (ttlMs: number, gone: () => void) => Lane
  readonly #call: (id: string) => void
  readonly #all = new Set<Lane>()
  /** Claims without a session, in the order in which they came. */
  readonly #line = new Set<string>()
  readonly #idle = new Alarm(() => this.#closeIdle())
  /** A server that has no connection left must not be asked for one by every poll: `#hasFailed` until this rings. */
  readonly #retry = new Alarm(() => this.#tryAgain())
  #hasFailed = false
  #closed = false

  constructor(open: (ttlMs: number, gone: () => void) => Lane, call: (id: string) => void) {
    this.#open = open
    this.#call = call
  }

  /** One on which this claim may wait for a lease of this TTL. If there is none, the claim has its place in line for one until it leaves. */
  for(id: string, ttlMs: number, isBehindReaders: boolean): Lane | undefined {
    if (this.#closed) throw new Error('these locks were closed')
    if (this.#before(id) >= this.#room(isBehindReaders)) {
      this.#line.add(id)
      return undefined
    }
    this.#line.delete(id)
    for (const lane of this.#free()) lane.endIfOverdue()
    return this.#free()[0]?.retune(ttlMs) ?? this.#add(ttlMs)
  }

  /** The claim needs none any more. */
  leave(id: string): void {
    if (this.#line.delete(id)) this.offer()
  }

  get isAwaited(): boolean {
    return this.#line.size > 0
  }

  offer(): void {
    let room = this.#line.size > 0 ? this.#room(false) : 0
    for (const id of this.#line) {
      if (room <= 0) break
      room -= 1
      this.#call(id)
    }
    if (this.#free().length > KEPT) this.#idle.by(performance.now() + IDLE_MS)
  }

  touch(): void {
    for (const lane of this.#all) lane.touch()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#idle.stop()
    this.#retry.stop()
    await Promise.all([...this.#all].map((lane) => lane.close()))
  }

  /** How many stand before this claim, or would if it came now. */
  #before(id: string): number {
    return this.#line.has(id) ? [...this.#line].indexOf(id) : this.#line.size
  }

  /** For how many more. */
  #room(isBehindReaders: boolean): number {
    const atMost = isBehindReaders ? AT_MOST_WAITING_BEHIND_READERS : AT_MOST_WAITING
    const waiting = [...this.#all].filter(({ isWaiting }) => isWaiting).length
    const sessions = this.#free().length + (this.#hasFailed ? 0 : AT_MOST - this.#all.size)
    return Math.min(atMost - waiting, sessions)
  }

  #free(): Lane[] {
    return [...this.#all].filter(({ isFree }) => isFree)
  }

  #add(ttlMs: number): Lane {
    const lane: Lane = this.#open(ttlMs, () => this.#gone(lane))
    this.#all.add(lane)
    return lane
  }

  #gone(lane: Lane): void {
    this.#all.delete(lane)
    if (this.#closed) return
    if (lane.pid !== undefined) this.offer()
    else this.#failed()
  }

  #failed(): void {
    this.#hasFailed = true
    this.#retry.by(performance.now() + RETRY_MS)
  }

  /** Not by the clock: a timer may be early by a part of a millisecond, and nobody would be called. */
  #tryAgain(): void {
    this.#hasFailed = false
    this.offer()
  }

  #closeIdle(): void {
    const idle = this.#free().slice(KEPT)
    const closing = idle.filter(({ freeSinceMs }) => performance.now() - freeSinceMs >= IDLE_MS)
    for (const lane of closing) void lane.close()
    if (closing.length < idle.length) this.#idle.by(performance.now() + IDLE_MS)
  }
}
