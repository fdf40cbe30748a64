import type { LeaseholdError } from '../errors.ts'
import { inNoContext } from '../no-context.ts'
import { allowManyListeners } from './many-listeners.ts'

/** Why work under a lease is to stop. The signal is made on demand: most leases end without anybody having asked for it. */
export class LeaseSignal {
  #reason: LeaseholdError | undefined
  #abort: AbortController | undefined

  warn(reason: LeaseholdError): void {
    this.#reason = reason
    if (this.#abort) inNoContext(() => this.#abort?.abort(reason))
  }

  get signal(): AbortSignal {
    if (!this.#abort) {
      this.#abort = new AbortController()
      allowManyListeners(this.#abort.signal)
      if (this.#reason) this.#abort.abort(this.#reason)
    }
    return this.#abort.signal
  }
}
