import type { Clock, Instant } from '../clock.ts'
import type { Candidate, Claim, Contended, Grant, LockBackend, Terms } from '../contract.ts'
import { closedError, isLeaseholdError, LeaseholdError, limitReached } from '../errors.ts'
import type { LockEvent } from '../events.ts'
import { Scheduler } from '../scheduler.ts'
import { checkAnswer } from './answers.ts'
import type { Hold } from './hold.ts'
import { Holds } from './holds.ts'
import { asked, type EngineOptions, type HoldTerms } from './options.ts'
import { Outstanding } from './outstanding.ts'
import { Queues } from './queues.ts'
import { redact } from './redaction.ts'
import { Renewals } from './renewals.ts'
import { type Answered, Requests } from './requests.ts'
import type { Waiter } from './waiter.ts'

type LeaseEvent = Extract<LockEvent, { fencingToken: bigint }>
/** What an event says of a lease, beside its key and its token. */
type About<Type> = Omit<Extract<LeaseEvent, { type: Type }>, 'type' | 'key' | 'fencingToken'>

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

  constructor(backend: LockBackend, options: EngineOptions) {
    this.backend = backend
    this.options = options
    this.clock = options.clock
    this.scheduler = new Scheduler(this.clock, () => this.renewals.flush())
    this.requests = new Requests(this)
    this.holds = new Holds(this)
    this.renewals = new Renewals(this)
    this.queues = new Queues(this)
    backend.onLost?.((claim) => this.holds.gone(claim))
  }

  /** By the monotonic clock. */
  msSince(instant: Instant): number {
    return this.clock.now().monotonicMs - instant.monotonicMs
  }

  assertOpen(): void {
    if (this.closed) throw closedError()
  }

  assertHandOff(): void {
    if (!this.backend.capabilities.handOff) throw this.unsupported('hand over leases')
  }

  unsupported(what: string): LeaseholdError {
    return new LeaseholdError('UNSUPPORTED', `${this.backend.name} cannot ${what}`)
  }

  emit(event: LockEvent): void {
    const { onEvent } = this.options
    if (!onEvent) return
    new Promise<unknown>((told) => told(onEvent(event))).catch((error) =>
      process.emitWarning(`onEvent threw: ${redact(error).message}`),
    )
  }

  /** An event about a lease. */
  tell<Type extends LeaseEvent['type']>(type: Type, { claim, fencingToken }: Hold, more: About<Type>): void {
    this.emit({ type, key: claim.key, fencingToken, ...more } as LeaseEvent)
  }

  /** Once per waiter, behind a lease of this process or of another. */
  tellWaiting(waiter: Waiter): void {
    const { key, told } = waiter
    waiter.told = true
    if (!told) this.emit({ type: 'waiting', key, heldHere: !!this.holds.valid(key) })
  }

  /**
   * One attempt, for one claim or atomically for several. An answer that takes longer than the TTL is of no use. `onLate`: answered after that,
   * or after the time of any request.
   */
  attempt<T>(
    claims: readonly Claim[],
    terms: HoldTerms,
    send: (backend: LockBackend, terms: Terms) => Promise<T>,
    check: (answer: T) => unknown,
    onLate: (answer: T) => unknown,
  ): Promise<Answered<T>> {
    this.assertRoomFor(claims.length)
    return this.requests.ask({
      what: 'acquire',
      claims,
      timeoutMs: Math.min(this.options.requestTimeoutMs, terms.ttlMs),
      send: (backend) => send(backend, asked(terms)),
      check,
      onLate: ({ answer }) => onLate(answer),
    })
  }

  /** One attempt at one key. `onLateGrant`: granted after the time for an answer was over. */
  attemptOne(claim: Claim, terms: HoldTerms, onLateGrant: () => void): Promise<Answered<Grant | Contended>> {
    return this.attempt(
      [claim],
      terms,
      (backend, askedFor) => backend.tryAcquire(claim, askedFor),
      checkAnswer,
      (answer) => answer.granted && onLateGrant(),
    )
  }

  /** Gives a lease up. Resolves with whether it was still held at the backend; wakes the next waiter in the same trip where it can. */
  release(hold: Hold): Promise<boolean> {
    hold.ending ??= this.#release(hold)
    return hold.ending
  }

  async #release(hold: Hold): Promise<boolean> {
    const { claim } = hold
    const { key } = claim
    this.holds.end(hold, 'released')
    const next = this.backend.waitForTurn && this.queues.promote(key)
    const ending = this.#endAtBackend(claim, next?.candidate)
    this.inBackground(ending)
    if (next) void this.queues.start(next, true)
    try {
      const ended = await ending
      if (ended) this.tell('released', hold, { heldMs: this.msSince(hold.heldSince) })
      else this.tell('lost', hold, { reason: 'gone' })
      return ended
    } catch (error) {
      this.#releaseFailed('release', key, error as LeaseholdError)
      throw error
    } finally {
      this.queues.advance(key)
    }
  }

  /** Releases a claim that nobody wants, in the background. If that fails, it is gone within one TTL. */
  withdraw(claims: readonly Claim[]): void {
    // Too late to ask: the backend is closed, too.
    if (!this.scheduler.stopped) for (const claim of claims) this.inBackground(this.#withdraw(claim))
  }

  async #withdraw(claim: Claim): Promise<void> {
    const { key } = claim
    try {
      this.emit({ type: 'withdrawn', key, endedHold: await this.#endAtBackend(claim, undefined) })
    } catch (error) {
      this.#releaseFailed('withdraw', key, error as LeaseholdError)
    }
  }

  #releaseFailed(operation: 'release' | 'withdraw', key: string, error: LeaseholdError): void {
    if (this.closed) this.unreleased.push({ key, error })
    this.emit({ type: 'backend-error', operation, key, error })
  }

  /** Work that `close` waits for. What fails in it has reached the observer. */
  inBackground(work: Promise<unknown>): void {
    this.outstanding.begin()
    const end = () => this.outstanding.end()
    void work.then(end, end)
  }

  /** Looked at before anything is sent, and again where a lease begins: other attempts may be under way. */
  assertRoomFor(count: number): void {
    const { maxLeases } = this.options
    if (this.holds.size + count > maxLeases) throw limitReached('maxLeases', maxLeases)
  }

  /** Always on a fresh deadline, never aborted. Repeated where the answer is missing: it is idempotent. */
  async #endAtBackend(claim: Claim, next: Candidate | undefined): Promise<boolean> {
    const startedAt = this.clock.now()
    const { requestTimeoutMs } = this.options
    for (let attempt = 1; ; attempt += 1) {
      const named = attempt === 1 ? next : undefined
      const send = (backend: LockBackend) => backend.release(claim, named)
      try {
        const { answer } = await this.requests.ask({
          what: 'release',
          claims: [claim],
          timeoutMs: requestTimeoutMs,
          send,
        })
        // After an attempt whose answer is missing, "not held" says that it took effect.
        return answer || attempt > 1
      } catch (error) {
        const again = isLeaseholdError(error, 'BACKEND_UNAVAILABLE') && this.msSince(startedAt) < requestTimeoutMs / 2
        if (!again) throw error
        await new Promise<unknown>((fire) => this.scheduler.after(RELEASE_RETRY_MS * attempt, { fire }))
      }
    }
  }
}
