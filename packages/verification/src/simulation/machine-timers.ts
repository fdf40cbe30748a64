import type { Clock, Instant } from '@leasehold/core'
import type { DriftingClock } from './drifting-clock.ts'
import type { Mailbox } from './mailbox.ts'
import type { Prng } from './prng.ts'
import type { Cancel, World } from './world.ts'

interface Timer {
  readonly dueMs: number
  readonly callback: () => void
  /** Calls off the event in which it is due. */
  callOff: Cancel
}

/** Timers are late by up to this much when the event loop is free. */
const TIMER_LATENESS_MS = 1.5

/** A `Clock` of one machine. Its timers follow the monotonic clock and fire through the mailbox. */
export class MachineTimers implements Clock {
  readonly #world: World
  readonly #clock: DriftingClock
  readonly #mailbox: Mailbox
  readonly #prng: Prng
  readonly #armed = new Set<Timer>()

  constructor(world: World, clock: DriftingClock, mailbox: Mailbox, prng: Prng) {
    this.#world = world
    this.#clock = clock
    this.#mailbox = mailbox
    this.#prng = prng
  }

  get armed(): number {
    return this.#armed.size
  }

  now(): Instant {
    return this.#clock.now()
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { dueMs: this.now().monotonicMs + delayMs, callback, callOff: () => {} }
    this.#armed.add(timer)
    this.#schedule(timer)
    return () => {
      this.#armed.delete(timer)
      timer.callOff()
    }
  }

  clear(): void {
    this.#armed.clear()
  }

  /** After a suspension: what was due by the old reckoning is due later. */
  reschedule(): void {
    for (const timer of this.#armed) {
      timer.callOff()
      this.#schedule(timer)
    }
  }

  #schedule(timer: Timer): void {
    const remainingMs = this.#clock.trueMs(timer.dueMs - this.now().monotonicMs)
    const latenessMs = this.#prng.between([0.01, TIMER_LATENESS_MS])
    timer.callOff = this.#world.schedule(Math.max(0, remainingMs) + latenessMs, () => {
      if (!this.#clock.suspended) this.#mailbox.post('timer', () => this.#fire(timer))
    })
  }

  #fire(timer: Timer): void {
    if (this.#armed.delete(timer)) timer.callback()
  }
}
