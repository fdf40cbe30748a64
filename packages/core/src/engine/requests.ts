import type { Instant } from '../clock.ts'
import type { Claim, LockBackend } from '../contract.ts'
import { isLeaseholdError, LeaseholdError } from '../errors.ts'
import type { Task } from '../scheduler.ts'
import type { Bench } from './bench.ts'
import { promiseTry } from './promise-try.ts'
import { redact } from './redaction.ts'

interface Asked {
  /** Verb for the error message. */
  readonly what: string
  readonly claims: readonly Pick<Claim, 'key'>[]
}

export interface Request<T> extends Asked {
  /** Default: that of all requests. */
  readonly timeoutMs?: number
  send(backend: LockBackend): Promise<T>
  /** Throws for an answer that is not of the contract's shape: it counts as none. */
  check?(answer: T): unknown
  /** An answer that came after the time was over: the outcome had counted as unknown. */
  onLate?(answered: Answered<T>): unknown
  /** Called before whoever asked is told. */
  onEnd?(answer: T | undefined, error?: LeaseholdError): unknown
}

export interface Answered<T> {
  readonly answer: T
  /** Read before the request was sent: whatever the answer grants counts from here. */
  readonly sentAt: Instant
}

/** Asks the backend. Every request has its deadline. Resolves with the answer, or rejects with a `LeaseholdError`. Sends before it returns. */
export const ask = <T>(bench: Bench, request: Request<T>, sentAt = bench.clock.now()): Promise<Answered<T>> =>
  new Promise((resolve, reject) => {
    const { backend, options, scheduler, outstanding } = bench
    const { timeoutMs = options.requestTimeoutMs } = request
    let open = true
    /** Whoever comes first decides: the answer or the deadline. */
    const close = () => {
      if (!open) return false
      open = false
      scheduler.cancel(deadline)
      outstanding.end()
      return true
    }
    const failed = (cause: unknown) => {
      if (!close()) return
      const error = wrap(bench, request, cause)
      request.onEnd?.(undefined, error)
      reject(error)
    }
    const answered = (answer: T) => {
      try {
        request.check?.(answer)
      } catch (error) {
        return failed(error)
      }
      if (!close()) return request.onLate?.({ answer, sentAt })
      request.onEnd?.(answer)
      resolve({ answer, sentAt })
    }
    const deadline: Task = {
      scheduled: undefined,
      patient: true,
      fire: () => failed(noAnswer(bench, request, `${Math.round(timeoutMs)} ms are over`)),
    }
    outstanding.begin()
    scheduler.after(timeoutMs, deadline, sentAt)
    promiseTry(() => request.send(backend)).then(answered, failed)
  })

/** The error that users see for what a backend threw. The backend's own `LeaseholdError`s pass. What it cannot classify is no refusal. */
export function wrap(bench: Bench, request: Asked, error: unknown): LeaseholdError {
  if (isLeaseholdError(error)) return error
  let verdict: unknown
  try {
    verdict = bench.backend.classifyError?.(error)
  } catch {}
  return failure(bench, request, error, verdict === 'refused')
}

/** The error for an answer that is missing, or useless. */
export const noAnswer = (bench: Bench, request: Asked, why = 'unknown'): LeaseholdError =>
  failure(bench, request, new Error(why), false)

function failure({ backend }: Bench, { what, claims }: Asked, error: unknown, refused: boolean): LeaseholdError {
  const cause = redact(error)
  const key = claims.length === 1 ? claims[0]?.key : undefined
  const subject = key === undefined ? `${claims.length} keys` : JSON.stringify(key)
  const message = `${backend.name} ${refused ? 'refused' : 'gave no answer'} to ${what} ${subject}: ${cause.message}`
  return new LeaseholdError(refused ? 'BACKEND_REFUSED' : 'BACKEND_UNAVAILABLE', message, { key, cause })
}
