import { type Clock, type Instant, shift } from './clock.ts'
import { LeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'
import type { WaitTerms } from './options.ts'
import type { Scheduler, Task } from './scheduler.ts'

/** One caller of `acquire`, with a deadline and a signal of its own. Settles once. */
export class Waiter implements Task {
  due: Instant
  heapIndex = -1
  settled = false
  /** Why the backend could not be asked lately; becomes the cause of a timeout. */
  lastError: LeaseholdError | undefined
  /** Called when the waiter gives up, after it has settled. */
  onGivenUp: () => void = () => {}
  readonly key: string
  readonly terms: WaitTerms
  readonly since: Instant
  readonly lease: Promise<Hold>
  readonly #scheduler: Scheduler
  #resolve!: (hold: Hold) => void
  #reject!: (reason: unknown) => void
  readonly #onAbort = () => this.giveUp(this.terms.signal?.reason)

  constructor(key: string, terms: WaitTerms, clock: Clock, scheduler: Scheduler) {
    this.key = key
    this.terms = terms
    this.since = clock.now()
    this.due = this.since
    this.#scheduler = scheduler
    this.lease = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    terms.signal?.addEventListener('abort', this.#onAbort, { once: true })
    // With nothing to wait for, the one attempt decides, however long it takes.
    if (terms.waitMs !== undefined && terms.waitMs > 0) scheduler.schedule(this, shift(this.since, terms.waitMs))
  }

  get attemptsOnce(): boolean {
    return this.terms.waitMs === 0
  }

  fire(): void {
    this.timeOut()
  }

  grant(hold: Hold): void {
    this.#settle()
    this.#resolve(hold)
  }

  timeOut(): void {
    const { waitMs } = this.terms
    const message = `the lock on ${JSON.stringify(this.key)} was not granted within ${waitMs} ms`
    const why = this.lastError === undefined ? '' : `; last: ${this.lastError.message}`
    this.giveUp(new LeaseholdError('ACQUIRE_TIMEOUT', message + why, { key: this.key, cause: this.lastError }))
  }

  giveUp(reason: unknown): void {
    if (this.settled) return
    this.#settle()
    this.#reject(reason)
    this.onGivenUp()
  }

  #settle(): void {
    this.settled = true
    this.#scheduler.cancel(this)
    this.terms.signal?.removeEventListener('abort', this.#onAbort)
  }
}
