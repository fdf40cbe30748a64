import type { Claim, Clock, Grant } from '@leasehold/core'
import type { Compare } from './connection.ts'
import type { Session } from './session.ts'
import { hangsOn } from './transactions.ts'

const MAX_TIMER_MS = 2_147_483_647

/** A claim that holds its key from this process, on the etcd lease of a session that it shares with others. */
export interface Hold {
  readonly claim: Claim
  readonly place: string
  /** True at the server while it hangs on its session: made once, compared with every renewal. */
  readonly attached: Compare
  readonly fencingToken: bigint
  /** Of one for permits. */
  readonly slots: Grant['slots']
  readonly session: Session
  /** At which it was hung on its session. */
  readonly revision: string
  /** On the monotonic clock. The session may live longer: the hold then has to be ended by this process. */
  deadlineMs: number
}

/** What etcd says of a hold: the same for as long as it lasts. */
export interface Won {
  readonly fencingToken: bigint
  /** Of permits. */
  readonly slots?: Grant['slots'] | undefined
}

/** What this process holds, by place. One timer serves all. */
export class Holds {
  readonly #clock: Clock
  readonly #held = new Map<string, Hold>()
  readonly #onExpired: (hold: Hold) => void
  #cancelTimer: (() => void) | undefined
  #dueMs = Number.POSITIVE_INFINITY

  /** `onExpired` is told of a hold that nobody renewed in time. It is to drop it. */
  constructor(clock: Clock, onExpired: (hold: Hold) => void) {
    this.#clock = clock
    this.#onExpired = onExpired
  }

  get(place: string): Hold | undefined {
    return this.#held.get(place)
  }

  /** All that hang on the session. */
  on(session: Session): Hold[] {
    return [...this.#held.values()].filter((hold) => hold.session === session)
  }

  find(lock: string, fencingToken: bigint): Hold | undefined {
    for (const hold of this.#held.values())
      if (hold.claim.key === lock && hold.fencingToken === fencingToken) return hold
    return undefined
  }

  begin(claim: Claim, place: string, { fencingToken, slots }: Won, session: Session, revision: string): void {
    const deadlineMs = Math.max(this.#deadline(session), this.#held.get(place)?.deadlineMs ?? 0)
    const attached = hangsOn(place, session.leaseId)
    this.#held.set(place, { claim, place, attached, fencingToken, slots, session, revision, deadlineMs })
    this.#lookBy(deadlineMs)
  }

  /** The whole TTL of its session once more. */
  extend(hold: Hold): void {
    hold.deadlineMs = Math.max(hold.deadlineMs, this.#deadline(hold.session))
  }

  remainingMs({ session, deadlineMs }: Hold): number {
    const now = this.#clock.now().monotonicMs
    return Math.min(deadlineMs, session.aliveAt.monotonicMs + session.ttlMs) - now
  }

  drop(place: string): Hold | undefined {
    const hold = this.#held.get(place)
    this.#held.delete(place)
    if (this.#held.size === 0) this.#stop()
    return hold
  }

  clear(): void {
    this.#held.clear()
    this.#stop()
  }

  #deadline({ ttlMs }: Session): number {
    return this.#clock.now().monotonicMs + ttlMs
  }

  #stop(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    this.#dueMs = Number.POSITIVE_INFINITY
  }

  /** A renewal moves a deadline and leaves the timer: it looks again when it fires. */
  #lookBy(deadlineMs: number): void {
    if (deadlineMs >= this.#dueMs) return
    this.#cancelTimer?.()
    this.#dueMs = deadlineMs
    const leftMs = Math.max(0, deadlineMs - this.#clock.now().monotonicMs)
    this.#cancelTimer = this.#clock.setTimer(Math.min(Math.ceil(leftMs), MAX_TIMER_MS), () => this.#look())
  }

  #look(): void {
    const nowMs = this.#clock.now().monotonicMs
    const expired = [...this.#held.values()].filter(({ deadlineMs }) => deadlineMs <= nowMs)
    this.#stop()
    for (const hold of expired) this.#onExpired(hold)
    const next = [...this.#held.values()].reduce(
      (least, { deadlineMs }) => Math.min(least, deadlineMs),
      Number.POSITIVE_INFINITY,
    )
    if (this.#held.size > 0) this.#lookBy(next)
  }
}
