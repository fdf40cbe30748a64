import type { Candidate, Claim } from '../contract.ts'
import { isLeaseholdError } from '../errors.ts'
import { checkRelease } from './answers.ts'
import type { Bench } from './bench.ts'
import type { Requests } from './requests.ts'

const RETRY_MS = 50

/** Ends claims at the server: always on a fresh deadline, never aborted, repeated where the answer is missing. */
export class Endings {
  readonly #bench: Bench
  readonly #requests: Requests

  constructor(bench: Bench, requests: Requests) {
    this.#bench = bench
    this.#requests = requests
  }

  /** Resolves with whether the server still held the key for it. `next` is queued in the same trip where the backend can. Sends before it returns. */
  async end(claim: Claim, next?: Candidate): Promise<boolean> {
    const { scheduler, clock, options } = this.#bench
    const startedAt = clock.now()
    for (let attempt = 1; ; attempt += 1) {
      const named = attempt === 1 ? next : undefined
      try {
        const { answer } = await this.#requests.ask({
          what: 'release',
          claims: [claim],
          timeoutMs: options.requestTimeoutMs,
          send: (backend) => backend.release(claim, named),
          check: checkRelease,
        })
        // After an attempt whose answer is missing, "not held" says that it took effect.
        return answer || attempt > 1
      } catch (error) {
        const inTime = this.#bench.msSince(startedAt) < options.requestTimeoutMs / 2
        if (!inTime || !isLeaseholdError(error, 'BACKEND_UNAVAILABLE')) throw error
        await new Promise<unknown>((fire) => scheduler.after(RETRY_MS * attempt, { fire }))
      }
    }
  }
}
