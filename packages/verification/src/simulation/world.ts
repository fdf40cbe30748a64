import { EventQueue } from './event-queue.ts'

export type Cancel = () => void

/**
 * True time, and everything that will happen in it. Nothing in a simulation happens outside an event of its world.
 *
 * After each event all promises settle before the next one begins, so that a run is a function of its seed: `setImmediate` comes
 * after the queues of ticks and microtasks have run empty.
 */
export class World {
  readonly #queue = new EventQueue()
  #nowMs = 0
  #order = 0

  get nowMs(): number {
    return this.#nowMs
  }

  /** Events so far scheduled: a measure of the work a seed makes. */
  get eventCount(): number {
    return this.#order
  }

  schedule(delayMs: number, happen: () => void): Cancel {
    return this.#add(delayMs, happen)
  }

  /** Has the world looked at then, though nothing may happen. */
  lookAfter(delayMs: number): void {
    this.#add(delayMs, undefined)
  }

  /** Lets events happen until `untilMs`, or until `over` says so; `observe` sees the world at rest after each. */
  async run(untilMs: number, observe: () => void, over: () => boolean = () => false): Promise<void> {
    await promisesSettled()
    while (!over()) {
      const event = this.#queue.takeUntil(untilMs)
      if (event === undefined) {
        this.#nowMs = Math.max(this.#nowMs, untilMs)
        return
      }
      this.#nowMs = event.atMs
      if (event.happen !== undefined) {
        event.happen()
        await promisesSettled()
      }
      observe()
    }
  }

  #add(delayMs: number, happen: (() => void) | undefined): Cancel {
    const event = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order, happen, cancelled: false }
    this.#order += 1
    this.#queue.add(event)
    return () => {
      event.cancelled = true
    }
  }
}

const promisesSettled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
