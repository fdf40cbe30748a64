import type { Instant } from '../clock.ts'
import type { Candidate, Claim, LockBackend } from '../contract.ts'
import { isLeaseholdError, type LeaseholdError } from '../errors.ts'
import { checkEach, checkRelease } from './answers.ts'
import { type Bench, msSince } from './bench.ts'
import { type Answered, ask } from './requests.ts'

const RETRY_MS = 50
/** So many requests at once are answered in their time. Of more, the last would only wait for the first, and their deadlines run. */
const AT_ONCE = 64
/** Claims in one request, where the backend takes several. */
const BATCH = 500

interface Queued {
  readonly claim: Claim
  readonly resolve: (answered: { readonly answer: boolean }) => void
  readonly reject: (reason: unknown) => void
}

/** Ends claims at the server: always on a fresh deadline, never aborted, repeated where the answer is missing, and not too many at once. */
export class Endings {
  readonly #bench: Bench
  #underWay = 0
  #queue: Queued[] = []

  constructor(bench: Bench) {
    this.#bench = bench
  }

  /**
   * Resolves with whether the server still held the key for it. `next` is queued in the same trip where the backend can. Sends before it returns, unless too many are under way.
   * `failed` is called before whoever waits is told.
   */
  async end(
    claim: Claim,
    failed: (error: LeaseholdError) => void,
    next?: Candidate,
    startedAt = this.#bench.clock.now(),
  ): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { answer: ended } = await (attempt === 1 ? this.#ask(claim, next, startedAt) : this.#ask(claim))
        // After an attempt whose answer is missing, "not held" says that it took effect.
        return ended || attempt > 1
      } catch (error) {
        const inTime = msSince(this.#bench, startedAt) < this.#bench.options.requestTimeoutMs / 2
        if (!inTime || !isLeaseholdError(error, 'BACKEND_UNAVAILABLE')) {
          failed(error as LeaseholdError)
          throw error
        }
        await this.#bench.scheduler.pause(RETRY_MS * attempt)
      }
    }
  }

  /**
   * Goes on asking when nobody waits for it any more, until the server has answered, or the TTL is over. It may have had no word of the ending, and keep the key
   * for longer than the TTL, where many claims share one lease at the server that others keep alive.
   */
  async insist(claim: Claim, ttlMs: number): Promise<void> {
    const startedAt = this.#bench.clock.now()
    for (;;) {
      await this.#bench.scheduler.pause(Math.min(this.#bench.options.pollMs, ttlMs / 4))
      if (this.#bench.closed || msSince(this.#bench, startedAt) > ttlMs) return
      const answered = await this.#ask(claim).then(
        () => true,
        (error) => !isLeaseholdError(error, 'BACKEND_UNAVAILABLE'),
      )
      if (answered) return
    }
  }

  #ask(claim: Claim, next?: Candidate, now?: Instant): Promise<Pick<Answered<boolean>, 'answer'>> {
    if (next || this.#underWay < AT_ONCE)
      return this.#send([claim], (backend) => backend.release(claim, next), checkRelease, now)
    return new Promise((resolve, reject) => this.#queue.push({ claim, resolve, reject }))
  }

  #send<Answer>(
    claims: readonly Claim[],
    send: (backend: LockBackend) => Promise<Answer>,
    check: (answer: Answer) => unknown,
    now?: Instant,
  ): Promise<Answered<Answer>> {
    this.#underWay += 1
    const onEnd = () => {
      this.#underWay -= 1
      if (this.#queue.length > 0 && this.#underWay < AT_ONCE) this.#sendQueued()
    }
    return ask(this.#bench, { what: 'release', claims, send, check, onEnd }, now)
  }

  #sendQueued(): void {
    const queued = this.#queue.splice(0, this.#bench.backend.releaseAll ? BATCH : 1)
    const claims = queued.map(({ claim }) => claim)
    const releasing = this.#send(
      claims,
      (backend) => backend.releaseAll?.(claims) ?? Promise.all(claims.map((claim) => backend.release(claim))),
      (answers) => checkEach(answers, claims, checkRelease),
    )
    releasing.then(
      ({ answer }) => {
        for (const [index, { resolve }] of queued.entries()) resolve({ answer: answer[index] as boolean })
      },
      (error) => {
        for (const { reject } of queued) reject(error)
      },
    )
  }
}
