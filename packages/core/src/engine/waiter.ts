import type { Instant } from '../clock.ts'
import { LeaseholdError } from '../errors.ts'
import type { Slot, Task } from '../scheduler.ts'
import { type Bench, msSince } from './bench.ts'
import type { Hold } from './hold.ts'
import { allowManyListeners } from './many-listeners.ts'
import { tell } from './observer.ts'
import type { WaitTerms } from './options.ts'

/** One caller who waits, with a deadline and a signal of its own. Settles once. */
export class Waiter<Granted = Hold> implements Task {
  scheduled?: Slot | undefined
  /** What ends the wait may lie in a socket that a blocked event loop has not read. */
  readonly patient = true
  settled = false
  /** `waitMs` is over: what is under way is waited for, and one last attempt. */
  timeUp: boolean
  #told = false
  /** Why the backend could not be asked lately; becomes the cause of a timeout. */
  lastError: LeaseholdError | undefined
  /** Called when the waiter gives up, after it has settled. */
  onGivenUp: () => void = () => {}
  /** Called when `waitMs` is over. In line there is nothing to wait for. */
  onTimeUp: () => void = () => this.timeOut()
  readonly key: string
  readonly terms: WaitTerms
  readonly granted: Promise<Granted>
  readonly #bench: Bench
  #resolve!: (granted: Granted) => void
  #reject!: (reason: unknown) => void
  readonly #onAbort = () => this.giveUp(reasonOf(this.terms.signal))

  /** `waitMs` runs from `since`. */
  constructor(bench: Bench, key: string, terms: WaitTerms, since: Instant) {
    const { signal, waitMs } = terms
    this.key = key
    this.terms = terms
    this.#bench = bench
    this.granted = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.timeUp = waitMs !== undefined && msSince(bench, since) >= waitMs
    if (waitMs !== undefined && !this.timeUp) bench.scheduler.after(waitMs, this, since)
    if (!signal) return
    allowManyListeners(signal)
    signal.addEventListener('abort', this.#onAbort, { once: true })
    if (signal.aborted) this.#onAbort()
  }

  fire(): void {
    this.timeUp = true
    this.onTimeUp()
  }

  /** False where it has given up before: what was granted is nobody's. */
  grant(granted: Granted): boolean {
    if (this.settled) return false
    this.#settle()
    this.#resolve(granted)
    return true
  }

  /** Tells the observer that it waits, once: behind a lease of this process, or of another. */
  tell(heldHere: boolean): void {
    if (!this.#told) tell(this.#bench, { type: 'waiting', key: this.key, heldHere })
    this.#told = true
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

  #settle(): void {
    this.settled = true
    this.#bench.scheduler.cancel(this)
    this.terms.signal?.removeEventListener('abort', this.#onAbort)
  }
}

export function assertNotAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal)
}

/** Older polyfills know no reason. */
export const reasonOf = (signal: AbortSignal | undefined): unknown =>
  signal && 'reason' in signal ? signal.reason : new DOMException('aborted', 'AbortError')
