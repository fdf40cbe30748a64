import { checkedAnswer, checkedGrants } from './answers.ts'
import type { Clock } from './clock.ts'
import type { Candidate, Claim, Contended, Grant, LockBackend, Terms } from './contract.ts'
import { isLeaseholdError, LeaseholdError } from './errors.ts'
import type { LockEvent } from './events.ts'
import type { Hold } from './hold.ts'
import { Holds } from './holds.ts'
import type { EngineOptions } from './options.ts'
import { Outstanding } from './outstanding.ts'
import { Queues } from './queues.ts'
import { Renewals } from './renewals.ts'
import { type Request, Requests } from './requests.ts'
import { Scheduler } from './scheduler.ts'

const RELEASE_ATTEMPTS = 3
const RELEASE_RETRY_MS = 50

/** The parts that all locks of one `createLocks` share, and how a claim is made and ended at the backend. */
export class Engine {
  readonly backend: LockBackend
  readonly options: EngineOptions
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly requests: Requests
  readonly holds: Holds
  readonly renewals: Renewals
  readonly queues: Queues
  closed = false
  /** What `close` waits for. */
  readonly outstanding = new Outstanding()
  /** What could not be given back while closing. */
  readonly unreleased: { readonly key: string; readonly error: LeaseholdError }[] = []
  #attemptsUnderWay = 0

  constructor(backend: LockBackend, options: EngineOptions) {
    this.backend = backend
    this.options = options
    this.clock = options.clock
    this.scheduler = new Scheduler(this.clock, () => this.renewals.flush())
    this.requests = new Requests(backend, this.scheduler, this.outstanding)
    this.holds = new Holds(this)
    this.renewals = new Renewals(this)
    this.queues = new Queues(this)
  }

  assertOpen(): void {
    if (this.closed) throw new LeaseholdError('CLOSED', 'these locks are closed')
  }

  emit(event: LockEvent): void {
    try {
      this.options.onEvent?.(event)
    } catch (error) {
      process.emitWarning(
        `Leasehold: onEvent threw on "${event.type}": ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }

  /** One attempt at one key. `onLateGrant`: granted after the time for an answer was over. */
  attempt(claim: Claim, terms: Terms, onLateGrant: () => void): Promise<Grant | Contended> {
    return this.#counted(1, {
      what: 'acquire',
      claims: [claim],
      timeoutMs: this.#answerWithinMs(terms),
      send: async (backend) => checkedAnswer(await backend.tryAcquire(claim, termsOf(terms))),
      onLate: (answer) => answer.granted && onLateGrant(),
    })
  }

  /** One atomic attempt at all keys, where the backend can. */
  attemptAll(claims: readonly Claim[], terms: Terms): Promise<readonly Grant[] | Contended> {
    return this.#counted(claims.length, {
      what: 'acquire',
      claims,
      timeoutMs: this.#answerWithinMs(terms),
      send: async (backend) => checkedGrants(await backend.tryAcquireAll?.(claims, termsOf(terms)), claims.length),
      onLate: (answer) => {
        if (Array.isArray(answer)) for (const claim of claims) this.withdraw(claim)
      },
    })
  }

  /** Gives a lease up. Resolves with whether it was still held at the backend; wakes the next waiter in the same trip where it can. */
  async release(hold: Hold): Promise<boolean> {
    const { key } = hold.claim
    this.holds.end(hold, 'released')
    const next = this.backend.waitForTurn && this.queues.promote(key)
    this.outstanding.begin()
    const ending = this.#endAtBackend(hold.claim, next?.contender.candidate)
    next?.start(true)
    try {
      const ended = await ending
      const heldMs = this.clock.now().monotonicMs - hold.heldSince.monotonicMs
      if (ended) this.emit({ type: 'released', key, fencingToken: hold.fencingToken, heldMs })
      else this.emit({ type: 'lost', key, fencingToken: hold.fencingToken, reason: 'gone' })
      return ended
    } catch (error) {
      this.#releaseFailed('release', key, error as LeaseholdError)
      throw error
    } finally {
      this.outstanding.end()
      this.queues.advance(key)
    }
  }

  /** Releases a claim that nobody wants, in the background. If that fails, it is gone within one TTL. */
  withdraw(claim: Claim): void {
    const { key } = claim
    // Too late to ask: the backend is closed, too.
    if (this.scheduler.stopped) return
    this.inBackground(
      this.#endAtBackend(claim, undefined).then(
        (endedHold) => this.emit({ type: 'withdrawn', key, endedHold }),
        (error: LeaseholdError) => this.#releaseFailed('withdraw', key, error),
      ),
    )
  }

  #releaseFailed(operation: 'release' | 'withdraw', key: string, error: LeaseholdError): void {
    if (this.closed) this.unreleased.push({ key, error })
    this.emit({ type: 'backend-error', operation, key, error })
  }

  /** Work that `close` waits for. Must not reject. */
  inBackground(work: Promise<void>): void {
    this.outstanding.begin()
    void work.then(() => this.outstanding.end())
  }

  /** An answer that takes longer than the TTL is of no use. */
  #answerWithinMs(terms: Terms): number {
    return Math.min(this.options.requestTimeoutMs, terms.ttlMs)
  }

  /** Checks the cap before the send, with the attempts under way counted as leases. */
  async #counted<T>(count: number, request: Request<T>): Promise<T> {
    const { maxLeases } = this.options
    if (this.holds.size + this.#attemptsUnderWay + count > maxLeases) {
      throw new LeaseholdError('LIMIT_REACHED', `at most ${maxLeases} leases (maxLeases) may be held at once`)
    }
    this.#attemptsUnderWay += count
    try {
      return await this.requests.ask(request)
    } finally {
      this.#attemptsUnderWay -= count
    }
  }

  /** Always on a fresh deadline, never aborted. Repeated where the answer is missing: it is idempotent. */
  async #endAtBackend(claim: Claim, next: Candidate | undefined): Promise<boolean> {
    const startedAt = this.clock.now()
    const { requestTimeoutMs } = this.options
    for (let attempt = 1; ; attempt += 1) {
      const named = attempt === 1 ? next : undefined
      const send = (backend: LockBackend) => backend.release(claim, named)
      try {
        const ended = await this.requests.ask({ what: 'release', claims: [claim], timeoutMs: requestTimeoutMs, send })
        // After an attempt whose answer is missing, "not held" says that it took effect.
        return ended || attempt > 1
      } catch (error) {
        const spentMs = this.clock.now().monotonicMs - startedAt.monotonicMs
        const again =
          isLeaseholdError(error, 'BACKEND_UNAVAILABLE') && attempt < RELEASE_ATTEMPTS && spentMs < requestTimeoutMs / 2
        if (!again) throw error
        await new Promise<void>((resolve) => this.scheduler.after(RELEASE_RETRY_MS * attempt, resolve))
      }
    }
  }
}

const termsOf = ({ ttlMs, metadata }: Terms): Terms => ({ ttlMs, metadata })
