import type { Clock } from '@leasehold/core'
import type { Session } from './session.ts'

const MAX_TIMER_MS = 2_147_483_647

/** A claim that holds its key from this process, on the etcd lease of a session that it shares with others. */
export interface Hold {
  readonly lock: string
  readonly place: string
  readonly fencingToken: bigint
  readonly session: Session
  /** On the monotonic clock. The session may live longer: the hold then has to be ended by this process. */
  deadlineMs: number
  cancelTimer: () => void
}

/** What this process holds, by place. */
export class Holds {
  readonly #clock: Clock
  readonly #held = new Map<string, Hold>()
  readonly #onExpired: (hold: Hold) => void

  /** `onExpired` is told of a hold that nobody renewed in time; it has been dropped here. */
  constructor(clock: Clock, onExpired: (hold: Hold) => void) {
    this.#clock = clock
    this.#onExpired = onExpired
  }

  get(place: string): Hold | undefined {
    return this.#held.get(place)
  }

  find(lock: string, fencingToken: bigint): Hold | undefined {
    for (const hold of this.#held.values()) if (hold.lock === lock && hold.fencingToken === fencingToken) return hold
    return undefined
  }

  begin(lock: string, place: string, fencingToken: bigint, session: Session): Hold {
    const deadlineMs = Math.max(this.#deadline(session), this.#held.get(place)?.deadlineMs ?? 0)
    this.drop(place)
    const hold: Hold = { lock, place, fencingToken, session, deadlineMs, cancelTimer: () => {} }
    this.#held.set(place, hold)
    this.#watch(hold)
    return hold
  }

  /** Its session's whole TTL once more. */
  extend(hold: Hold): void {
    hold.deadlineMs = Math.max(hold.deadlineMs, this.#deadline(hold.session))
  }

  remainingMs({ session, deadlineMs }: Hold): number {
    const now = this.#clock.now().monotonicMs
    return Math.min(deadlineMs, session.aliveAt.monotonicMs + session.ttlMs) - now
  }

  drop(place: string): Hold | undefined {
    const hold = this.#held.get(place)
    hold?.cancelTimer()
    this.#held.delete(place)
    return hold
  }

  clear(): void {
    for (const place of [...this.#held.keys()]) this.drop(place)
  }

  #deadline({ ttlMs }: Session): number {
    return this.#clock.now().monotonicMs + ttlMs
  }

  /** A renewal moves the deadline and leaves the timer: it looks again when it fires. */
  #watch(hold: Hold): void {
    const leftMs = hold.deadlineMs - this.#clock.now().monotonicMs
    if (leftMs > 0) hold.cancelTimer = this.#clock.setTimer(Math.min(leftMs, MAX_TIMER_MS), () => this.#watch(hold))
    else if (this.#held.get(hold.place) === hold) {
      this.#held.delete(hold.place)
      this.#onExpired(hold)
    }
  }
}
