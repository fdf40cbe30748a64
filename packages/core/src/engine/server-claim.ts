import type { Instant } from '../clock.ts'
import type { Candidate, Claim, Contended, Grant, LockBackend, Terms } from '../contract.ts'
import { isLeaseholdError, type LeaseholdError } from '../errors.ts'
import { checkAnswer, checkGrant } from './answers.ts'
import { type Bench, timeoutMs } from './bench.ts'
import type { Endings } from './endings.ts'
import { tell, tellFailure } from './observer.ts'
import { asked, type HoldTerms } from './options.ts'
import { type Answered, ask, type Request } from './requests.ts'

/** Where claims are asked for and ended. */
export interface Server extends Bench {
  readonly endings: Endings
  /** Claims that others may speak of: the backend that tells a loss, a handle that is taken up once more. */
  readonly claims: Map<string, ServerClaim>
  /** What could not be given back while closing. */
  readonly unreleased: { readonly key: string; readonly error: LeaseholdError }[]
}

/**
 * One claim, and what the server may know of it. Nothing else asks for a claim or ends it: whoever makes one gets a lease out of it, or
 * abandons it, and what comes too late is taken back here.
 */
export class ServerClaim {
  readonly claim: Claim
  /** It came by a handle: somebody else may live on it, and only a release ends it. */
  readonly byHandle: boolean
  readonly #server: Server
  readonly #ttlMs: number
  /** The server may hold the key, or a place in its queue, for the claim. */
  #mayBeKnown: boolean
  #over = false
  #users = 0

  constructor(server: Server, claim: Claim, ttlMs: number, byHandle = false) {
    this.#server = server
    this.#ttlMs = ttlMs
    this.claim = claim
    this.byHandle = byHandle
    this.#mayBeKnown = byHandle
  }

  /** Ended, lost or abandoned: what the server grants it from now on is nobody's. */
  get over(): boolean {
    return this.#over
  }

  /** Can be found by its holder, until as many have dropped it as have used it. */
  use(): void {
    this.#users += 1
    this.#server.claims.set(this.claim.holder, this)
  }

  drop(): void {
    this.#users -= 1
    if (this.#users <= 0) this.#server.claims.delete(this.claim.holder)
  }

  /** One attempt. Granted too late, it is found by the next attempt, as long as the claim is wanted. */
  attempt(terms: HoldTerms, reserve?: number, now?: Instant): Promise<Answered<Grant | Contended>> {
    return ask(this.#server, new Attempt(this.#server, this, terms, reserve), now)
  }

  /** Waits at the backend, where the claim may get a place in the queue. */
  async wait(terms: HoldTerms, reserve: number, signal: AbortSignal): Promise<Grant | undefined> {
    this.#mayBeKnown = true
    const grant = await this.#server.backend.waitForTurn?.(this.claim, asked(terms, reserve), signal)
    if (grant) checkGrant(grant)
    return grant
  }

  /** What became of an attempt at the server. Without an answer it may have taken effect, unless it was refused. */
  learn(granted: boolean | undefined, error?: LeaseholdError): void {
    this.#mayBeKnown ||= granted ?? !isLeaseholdError(error, 'BACKEND_REFUSED')
  }

  /** A grant that nobody waited for any more. */
  grantedLate(): void {
    this.#mayBeKnown = true
    if (this.#over) this.withdraw()
  }

  /** The backend's word: the server does not hold the key for it. */
  gone(): void {
    this.#over = true
  }

  /** By the will of its holder. Resolves with whether the server still held the key for it. */
  end(next: Candidate | undefined, now: Instant): Promise<boolean> {
    return this.#end('release', next, now)
  }

  /** Nobody here wants it any more: what the server may know of it is taken back. One that came by a handle is left to the server's clock. */
  abandon(): void {
    if (this.byHandle) return
    this.drop()
    if (this.#over) return
    this.#over = true
    if (this.#mayBeKnown) this.withdraw()
  }

  /** Ends it in the background, whoever lives on it. If that fails, it is gone within one TTL. */
  withdraw(): void {
    const server = this.#server
    const { key } = this.claim
    this.#over = true
    if (server.scheduler.stopped) return
    const ending = this.#end('withdraw')
    server.outstanding.during(ending.then((endedHold) => tell(server, { type: 'withdrawn', key, endedHold })))
  }

  #end(operation: 'release' | 'withdraw', next?: Candidate, now?: Instant): Promise<boolean> {
    this.#over = true
    const server = this.#server
    const { key } = this.claim
    const failed = (error: LeaseholdError) => {
      tellFailure(server, operation, key, error)
      if (server.closed) server.unreleased.push({ key, error })
      // One that came by a handle may have been taken up anew since, here or elsewhere: that is not to be ended late.
      else if (!this.byHandle) void server.endings.insist(this.claim, this.#ttlMs)
    }
    return server.endings.end(this.claim, failed, next, now)
  }
}

/** An answer that takes longer than the TTL is of no use. A class: functions for each attempt would cost more than the rest of it. */
class Attempt implements Request<Grant | Contended> {
  readonly what = 'acquire'
  readonly claims: readonly Claim[]
  readonly timeoutMs: number
  readonly check = checkAnswer
  readonly #claim: ServerClaim
  readonly #terms: Terms

  constructor(bench: Bench, claim: ServerClaim, terms: HoldTerms, reserve?: number) {
    this.claims = [claim.claim]
    this.timeoutMs = timeoutMs(bench, terms.ttlMs)
    this.#claim = claim
    this.#terms = asked(terms, reserve)
  }

  send(backend: LockBackend): Promise<Grant | Contended> {
    return backend.tryAcquire(this.#claim.claim, this.#terms)
  }

  onLate({ answer }: Answered<Grant | Contended>): void {
    if (answer.granted) this.#claim.grantedLate()
  }

  onEnd(answer: Grant | Contended | undefined, error?: LeaseholdError): void {
    this.#claim.learn(answer?.granted, error)
  }
}
