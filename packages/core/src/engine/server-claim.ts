import type { Instant } from '../clock.ts'
import type { Candidate, Claim, Contended, Grant, LockBackend, Terms } from '../contract.ts'
import { isLeaseholdError, type LeaseholdError } from '../errors.ts'
import { checkAnswer, checkEach, checkGrant, isGrants } from './answers.ts'
import type { Bench } from './bench.ts'
import type { Endings } from './endings.ts'
import { asked, type HoldTerms } from './options.ts'
import { type Answered, ask, type Request } from './requests.ts'

/** Where claims are asked for and ended. */
export interface Server {
  readonly bench: Bench
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
    const { bench } = this.#server
    return ask(bench, new Attempt(bench, [this], terms, reserve), now)
  }

  /** Waits at the backend, where the claim may get a place in the queue. */
  async wait(terms: HoldTerms, reserve: number, signal: AbortSignal): Promise<Grant | undefined> {
    this.#mayBeKnown = true
    const grant = await this.#server.bench.backend.waitForTurn?.(this.claim, asked(terms, reserve), signal)
    if (grant) checkGrant(grant)
    return grant ?? undefined
  }

  /** What became of an attempt at the server, as far as it is known. */
  learn(mayBeKnown: boolean): void {
    this.#mayBeKnown ||= mayBeKnown
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
    this.#over = true
    return this.#server.endings.end(this.claim, (error) => this.#endingFailed('release', error), next, now)
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
    const { bench, endings } = this.#server
    this.#over = true
    // Too late to ask: the backend is closed, too.
    if (bench.scheduler.stopped) return
    const { key } = this.claim
    const ending = endings.end(this.claim, (error) => this.#endingFailed('withdraw', error))
    bench.outstanding.during(ending.then((endedHold) => bench.observer.tell({ type: 'withdrawn', key, endedHold })))
  }

  #endingFailed(operation: 'release' | 'withdraw', error: LeaseholdError): void {
    const { bench, endings, unreleased } = this.#server
    const { key } = this.claim
    bench.observer.failed(operation, key, error)
    if (bench.closed) unreleased.push({ key, error })
    // One that came by a handle may have been taken up anew since, here or elsewhere: that is not to be ended late.
    else if (!this.byHandle) void endings.insist(this.claim, this.#ttlMs)
  }
}

/** One attempt for several claims, atomic at the server. */
export const attemptAll = (
  server: Server,
  claims: readonly ServerClaim[],
  terms: HoldTerms,
): Promise<Answered<readonly Grant[] | Contended>> => ask(server.bench, new AttemptAll(server.bench, claims, terms))

/** An answer that takes longer than the TTL is of no use. A class: functions for each attempt would cost more than the rest of it. */
abstract class Acquiring<Answer> implements Request<Answer> {
  readonly what = 'acquire'
  readonly claims: readonly Claim[]
  readonly timeoutMs: number
  protected readonly terms: Terms
  readonly #claims: readonly ServerClaim[]

  constructor(bench: Bench, claims: readonly ServerClaim[], terms: HoldTerms, reserve?: number) {
    this.claims = claims.map(({ claim }) => claim)
    this.timeoutMs = bench.timeoutMs(terms.ttlMs)
    this.terms = asked(terms, reserve)
    this.#claims = claims
  }

  abstract send(backend: LockBackend): Promise<Answer>
  abstract check(answer: Answer): void
  protected abstract isGranted(answer: Answer): boolean

  onLate({ answer }: Answered<Answer>): void {
    if (this.isGranted(answer)) for (const claim of this.#claims) claim.grantedLate()
  }

  onEnd(answer: Answer | undefined, error?: LeaseholdError): void {
    // No answer: it may have taken effect, unless it was refused.
    const mayBeKnown = answer ? this.isGranted(answer) : !isLeaseholdError(error, 'BACKEND_REFUSED')
    for (const claim of this.#claims) claim.learn(mayBeKnown)
  }
}

class Attempt extends Acquiring<Grant | Contended> {
  send(backend: LockBackend) {
    return backend.tryAcquire(this.claims[0] as Claim, this.terms)
  }

  check(answer: Grant | Contended): void {
    checkAnswer(answer)
  }

  protected isGranted({ granted }: Grant | Contended): boolean {
    return granted
  }
}

class AttemptAll extends Acquiring<readonly Grant[] | Contended> {
  send(backend: LockBackend) {
    return (backend.tryAcquireAll as NonNullable<LockBackend['tryAcquireAll']>)(this.claims, this.terms)
  }

  check(answer: readonly Grant[] | Contended): void {
    if (isGrants(answer)) checkEach(answer, this.claims.length, checkGrant)
    else checkAnswer(answer)
  }

  protected isGranted(answer: readonly Grant[] | Contended): boolean {
    return isGrants(answer)
  }
}
