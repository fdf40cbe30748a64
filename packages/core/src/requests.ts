import type { Claim, LockBackend } from './contract.ts'
import { isLeaseholdError, LeaseholdError } from './errors.ts'
import type { Outstanding } from './outstanding.ts'
import { redact } from './redaction.ts'
import type { Scheduler } from './scheduler.ts'

interface Asked {
  /** Verb for the error message. */
  readonly what: string
  readonly claims: readonly Claim[]
}

export interface Request<T> extends Asked {
  readonly timeoutMs: number
  readonly send: (backend: LockBackend) => Promise<T>
  /** An answer that came after the time was over: the outcome had counted as unknown. */
  readonly onLate?: (answer: T) => void
}

/** Asks the backend, gives every request its deadline, and wraps what is not an answer, once. */
export class Requests {
  readonly #backend: LockBackend
  readonly #scheduler: Scheduler
  readonly #outstanding: Outstanding

  constructor(backend: LockBackend, scheduler: Scheduler, outstanding: Outstanding) {
    this.#backend = backend
    this.#scheduler = scheduler
    this.#outstanding = outstanding
  }

  /** Resolves with the answer, or rejects with a `LeaseholdError`. Sends before it returns. */
  ask<T>(request: Request<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let open = true
      /** Whoever comes first decides: the answer or the deadline. */
      const close = () => {
        const first = open
        open = false
        if (first) this.#outstanding.end()
        return first
      }
      this.#outstanding.begin()
      const deadline = this.#scheduler.after(request.timeoutMs, () => {
        if (close()) reject(this.noAnswer(request, `its time of ${Math.round(request.timeoutMs)} ms is over`))
      })
      this.#send(request).then(
        (answer) => {
          this.#scheduler.cancel(deadline)
          if (close()) resolve(answer)
          else request.onLate?.(answer)
        },
        (error) => {
          this.#scheduler.cancel(deadline)
          if (close()) reject(this.wrap(request, error))
        },
      )
    })
  }

  /** The error that users see for what a backend threw. The backend's own `LeaseholdError`s pass. */
  wrap(request: Asked, error: unknown): LeaseholdError {
    if (isLeaseholdError(error)) return error
    return this.#failure(request, error, this.#backend.classifyError?.(error) === 'refused')
  }

  /** The error for an answer that is missing, or useless. */
  noAnswer(request: Asked, why: string): LeaseholdError {
    return this.#failure(request, new Error(why), false)
  }

  #failure({ what, claims }: Asked, error: unknown, refused: boolean): LeaseholdError {
    const secrets = claims.map((claim) => claim.holder).filter((holder) => holder !== '')
    const cause = redact(error, secrets)
    const key = claims.length === 1 ? claims[0]?.key : undefined
    const subject = key === undefined ? `${claims.length} keys` : JSON.stringify(key)
    const message = `${this.#backend.name} ${refused ? 'refused' : 'gave no answer'} to ${what} ${subject}: ${cause.message}`
    return new LeaseholdError(refused ? 'BACKEND_REFUSED' : 'BACKEND_UNAVAILABLE', message, { key, cause })
  }

  /** A backend that throws before it returns a promise is treated like one that rejects. */
  async #send<T>(request: Request<T>): Promise<T> {
    return request.send(this.#backend)
  }
}
