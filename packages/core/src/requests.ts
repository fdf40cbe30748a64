import { type Clock, type Instant, shift } from './clock.ts'
import type { Claim, LockBackend } from './contract.ts'
import { isLeaseholdError, LeaseholdError } from './errors.ts'
import type { Outstanding } from './outstanding.ts'
import { redact } from './redaction.ts'
import type { Scheduler, Task } from './scheduler.ts'

export interface Request<T> {
  /** Verb for the error message. */
  readonly what: string
  readonly claims: readonly Claim[]
  readonly timeoutMs: number
  readonly send: (backend: LockBackend) => Promise<T>
  /** An answer that came after the time was over: the outcome had counted as unknown. */
  readonly onLate?: (answer: T) => void
}

/** Asks the backend, gives every request its deadline, and wraps what is not an answer, once. */
export class Requests {
  readonly #backend: LockBackend
  readonly #clock: Clock
  readonly #scheduler: Scheduler
  readonly #outstanding: Outstanding

  constructor(backend: LockBackend, clock: Clock, scheduler: Scheduler, outstanding: Outstanding) {
    this.#backend = backend
    this.#clock = clock
    this.#scheduler = scheduler
    this.#outstanding = outstanding
  }

  /** Resolves with the answer, or rejects with a `LeaseholdError`. Sends before it returns. */
  ask<T>(request: Request<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const deadline = new Deadline(() => {
        this.#outstanding.end()
        reject(this.#unavailable(request, new Error(`no answer within ${Math.round(request.timeoutMs)} ms`)))
      })
      this.#outstanding.begin()
      this.#scheduler.schedule(deadline, shift(this.#clock.now(), request.timeoutMs))
      this.#send(request).then(
        (answer) => {
          if (deadline.passed) return request.onLate?.(answer)
          this.#answered(deadline)
          resolve(answer)
        },
        (error) => {
          if (deadline.passed) return
          this.#answered(deadline)
          reject(this.wrap(request, error))
        },
      )
    })
  }

  #answered(deadline: Deadline): void {
    this.#scheduler.cancel(deadline)
    this.#outstanding.end()
  }

  /** The error that users see for what a backend threw. The backend's own `LeaseholdError`s pass. */
  wrap(request: Pick<Request<unknown>, 'what' | 'claims'>, error: unknown): LeaseholdError {
    if (isLeaseholdError(error)) return error
    if (this.#backend.classifyError?.(error) !== 'refused') return this.#unavailable(request, error)
    return this.#failure('BACKEND_REFUSED', 'refused to', request, error)
  }

  #unavailable(request: Pick<Request<unknown>, 'what' | 'claims'>, error: unknown): LeaseholdError {
    return this.#failure('BACKEND_UNAVAILABLE', 'gave no answer to', request, error)
  }

  #failure(
    code: 'BACKEND_REFUSED' | 'BACKEND_UNAVAILABLE',
    verdict: string,
    { what, claims }: Pick<Request<unknown>, 'what' | 'claims'>,
    error: unknown,
  ): LeaseholdError {
    const secrets = claims.map((claim) => claim.holder).filter((holder) => holder !== '')
    const cause = redact(error, secrets)
    const key = claims.length === 1 ? claims[0]?.key : undefined
    const subject = key === undefined ? `${claims.length} keys` : JSON.stringify(key)
    return new LeaseholdError(code, `${this.#backend.name} ${verdict} ${what} ${subject}: ${cause.message}`, {
      key,
      cause,
    })
  }

  /** A backend that throws before it returns a promise is treated like one that rejects. */
  async #send<T>(request: Request<T>): Promise<T> {
    return request.send(this.#backend)
  }
}

class Deadline implements Task {
  due: Instant = { monotonicMs: 0, wallMs: 0 }
  heapIndex = -1
  passed = false
  readonly #onPassed: () => void

  constructor(onPassed: () => void) {
    this.#onPassed = onPassed
  }

  fire(): void {
    this.passed = true
    this.#onPassed()
  }
}
