import { setMaxListeners } from 'node:events'
import type { Instant } from '../clock.ts'
import { LeaseholdError } from '../errors.ts'
import type { Slot, Task } from '../scheduler.ts'
import type { Bench } from './bench.ts'
import type { Hold } from './hold.ts'
import type { WaitTerms } from './options.ts'

/** One caller of `acquire`, with a deadline and a signal of its own. Settles once. */
export class Waiter<Granted = Hold> implements Task {
  scheduled?: Slot | undefined
  settled = false
  /** The observer knows that it waits. */
  told = false
  /** Why the backend could not be asked lately; becomes the cause of a timeout. */
  lastError: LeaseholdError | undefined
  /** Called when the waiter gives up, after it has settled. */
  onGivenUp: () => void = () => {}
  readonly key: string
  readonly terms: WaitTerms
  readonly since: Instant
  readonly granted: Promise<Granted>
  readonly #bench: Bench
  #resolve!: (granted: Granted) => void
  #reject!: (reason: unknown) => void
  readonly #onAbort = () => this.giveUp(this.terms.signal?.reason)

  constructor(key: string, terms: WaitTerms, bench: Bench) {
    this.key = key
    this.terms = terms
    this.since = bench.clock.now()
    this.#bench = bench
    this.granted = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    if (terms.signal) this.#heed(terms.signal)
    // With nothing to wait for, the one attempt decides, however long it takes.
    if (terms.waitMs) bench.scheduler.after(terms.waitMs, this, this.since)
  }

  get attemptsOnce(): boolean {
    return this.terms.waitMs === 0
  }

  fire(): void {
    this.timeOut()
  }

  /** False where it has given up before: what was granted is nobody's. */
  grant(granted: Granted): boolean {
    if (this.settled) return false
    this.#settle()
    this.#resolve(granted)
    return true
  }

  timeOut(): void {
    const { key, lastError: cause } = this
    const why = cause ? `: ${cause.message}` : ''
    this.giveUp(
      new LeaseholdError('ACQUIRE_TIMEOUT', `${JSON.stringify(key)} was not granted in time${why}`, { key, cause }),
    )
  }

  giveUp(reason: unknown): void {
    if (this.settled) return
    this.#settle()
    this.#reject(reason)
    this.onGivenUp()
  }

  #heed(signal: AbortSignal): void {
    // A server's one signal for shutdown has as many listeners as there are waiters.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) this.#onAbort()
  }

  #settle(): void {
    this.settled = true
    this.#bench.scheduler.cancel(this)
    this.terms.signal?.removeEventListener('abort', this.#onAbort)
  }
}
