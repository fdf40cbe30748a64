import { checkedTurn } from './answers.ts'
import { type Instant, shift } from './clock.ts'
import type { Candidate, Claim, Grant } from './contract.ts'
import type { Engine } from './engine.ts'
import { isLeaseholdError } from './errors.ts'
import type { Hold } from './hold.ts'
import { newHolder } from './holder.ts'
import type { Task } from './scheduler.ts'
import type { Waiter } from './waiter.ts'

/** An answer of "0 ms remain", repeated, must not become a busy loop. */
const POLL_FLOOR_MS = 5
const POLL_FLOOR_MAX_MS = 50
/** First poll where the backend cannot wake us, and first retry of an unreachable one; doubled each time. */
const BACKOFF_MS = 10
/** Wake-ups that came at once and were of no use, before they are slowed down. */
const IDLE_WAKE_UPS = 3

/** The one caller of a key who contends at the backend, on behalf of all who wait in this process. */
export class Contender implements Task {
  due: Instant
  heapIndex = -1
  readonly waiter: Waiter
  readonly #engine: Engine
  #claim: Claim
  /** What became of the claim, if it was granted. */
  #hold: Hold | undefined
  /** The server may hold the key, or a place in the queue, for the claim. */
  #mayBeKnown = false
  #attempts = 0
  #failures = 0
  #idleWakeUps = 0
  #remainingMs: number | undefined
  #turn: AbortController | undefined
  #brought: { readonly grant: Grant; readonly since: Instant } | undefined
  #hinted = false
  #wake: () => void = () => {}

  constructor(engine: Engine, waiter: Waiter) {
    this.#engine = engine
    this.waiter = waiter
    this.due = waiter.since
    this.#claim = { key: waiter.key, holder: newHolder() }
    waiter.onGivenUp = () => this.#wake()
  }

  /** What a release may queue in the same trip. */
  get candidate(): Candidate {
    const { ttlMs, metadata } = this.waiter.terms
    return { ...this.#claim, ttlMs, metadata }
  }

  /** Contends until the waiter is settled; never rejects. `waitFirst`: a release has just named this contender, so it waits before it tries. */
  async contend(waitFirst: boolean): Promise<void> {
    try {
      const hold = await this.#untilGranted(waitFirst)
      if (hold !== undefined) this.waiter.grant(hold)
    } catch (error) {
      this.waiter.giveUp(error)
    }
    this.#engine.scheduler.cancel(this)
    this.#endTurn()
    if (this.#hold === undefined && this.#mayBeKnown) this.#engine.withdraw(this.#claim)
  }

  fire(): void {
    this.#wake()
  }

  async #untilGranted(waitFirst: boolean): Promise<Hold | undefined> {
    let hold = waitFirst ? undefined : await this.#attempt()
    while (hold === undefined && !this.waiter.settled) {
      if (this.waiter.attemptsOnce) this.waiter.timeOut()
      else await this.#pause()
      if (this.waiter.settled) return undefined
      hold = this.#takeBrought() ?? (await this.#attempt())
    }
    return hold
  }

  async #attempt(): Promise<Hold | undefined> {
    this.#attempts += 1
    this.#hinted = false
    const sentAt = this.#engine.clock.now()
    const claim = this.#claim
    try {
      const answer = await this.#engine.attempt(claim, this.waiter.terms, () => this.#grantedLate(claim))
      this.#failures = 0
      this.waiter.lastError = undefined
      if (answer.granted) return this.#begin(answer, answer.since ?? sentAt)
      this.#contended(answer.remainingMs)
    } catch (error) {
      this.#failed(error)
    }
    return undefined
  }

  #contended(remainingMs: number | undefined): void {
    this.#remainingMs = remainingMs
    if (this.#attempts === 1) this.#engine.emit({ type: 'waiting', key: this.#claim.key })
  }

  /** With `waitMs` an unreachable backend is waited for, too; without, such a wait would have no end. */
  #failed(error: unknown): void {
    const unavailable = isLeaseholdError(error, 'BACKEND_UNAVAILABLE')
    if (unavailable) this.#mayBeKnown = true
    if (!unavailable || this.waiter.terms.waitMs === undefined || this.waiter.attemptsOnce) throw error
    this.#failures += 1
    this.#remainingMs = undefined
    this.waiter.lastError = error
    this.#engine.emit({ type: 'backend-error', operation: 'acquire', key: this.#claim.key, error })
  }

  #begin(grant: Grant, since: Instant): Hold | undefined {
    this.#mayBeKnown = true
    if (this.waiter.settled) return undefined
    const hold = this.#engine.holds.begin(this.#claim, this.waiter.terms, grant, since)
    if (hold !== undefined) {
      this.#hold = hold
      return hold
    }
    // The grant's time was over when it arrived. It is being withdrawn, so the next attempt needs a claim of its own.
    this.#endTurn()
    this.#claim = { key: this.waiter.key, holder: newHolder() }
    return undefined
  }

  #takeBrought(): Hold | undefined {
    const brought = this.#brought
    this.#brought = undefined
    return brought && this.#begin(brought.grant, brought.since)
  }

  #endTurn(): void {
    this.#turn?.abort()
    this.#turn = undefined
    this.#brought = undefined
  }

  /** A delayed request took effect after all: for a claim that nobody wants (any more), it is undone. */
  #grantedLate(claim: Claim): void {
    const undecided = claim === this.#claim && !this.waiter.settled
    const state = claim === this.#hold?.claim ? this.#hold.state : 'lost'
    if (!undecided && state !== 'held' && state !== 'handed-off') this.#engine.withdraw(claim)
  }

  /** Until the backend wakes us, it is time to poll, or the waiter has given up. */
  async #pause(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#openTurn()
      this.#pollIn(this.#hinted ? this.#slowedMs() : this.#pollDelayMs())
      if (this.#brought !== undefined) resolve()
    })
    this.#wake = () => {}
  }

  #pollIn(delayMs: number): void {
    this.#engine.scheduler.schedule(this, shift(this.#engine.clock.now(), delayMs))
  }

  #pollDelayMs(): number {
    const { options, backend } = this.#engine
    const backoffMs = BACKOFF_MS * 2 ** (this.#failures || this.#attempts)
    const pushed = backend.waitForTurn !== undefined && this.#failures === 0
    const jitteredMs = (pushed ? options.pollMs : Math.min(options.pollMs, backoffMs)) * (0.75 + options.random() / 2)
    if (this.#remainingMs === undefined) return jitteredMs
    const floorMs = Math.min(POLL_FLOOR_MAX_MS, POLL_FLOOR_MS * 2 ** this.#attempts)
    return Math.min(jitteredMs, Math.max(floorMs, this.#remainingMs + 1))
  }

  /** One wait stays open at the backend across polls, so that the place in its queue is kept. */
  #openTurn(): void {
    const { backend, clock } = this.#engine
    if (backend.waitForTurn === undefined || this.#turn !== undefined) return
    const turn = new AbortController()
    this.#turn = turn
    this.#mayBeKnown = true
    const claim = this.#claim
    const since = clock.now()
    const { ttlMs, metadata } = this.waiter.terms
    const wait = async () => checkedTurn(await backend.waitForTurn?.(claim, { ttlMs, metadata }, turn.signal))
    wait().then(
      (grant) => this.#turnCame(turn, claim, grant, since),
      (error) => this.#turnFailed(turn, claim, error),
    )
  }

  #turnCame(turn: AbortController, claim: Claim, grant: Grant | undefined, since: Instant): void {
    if (turn !== this.#turn) {
      if (grant !== undefined) this.#grantedLate(claim)
      return
    }
    this.#turn = undefined
    if (grant === undefined) this.#hint(since)
    else {
      this.#brought = { grant, since: grant.since ?? since }
      this.#wake()
    }
  }

  /** A hint may be false; hints without end that cost no time are slowed down. */
  #hint(since: Instant): void {
    const tookMs = this.#engine.clock.now().monotonicMs - since.monotonicMs
    this.#idleWakeUps = tookMs < 1 ? this.#idleWakeUps + 1 : 0
    this.#hinted = true
    if (this.#idleWakeUps > IDLE_WAKE_UPS) this.#pollIn(this.#slowedMs())
    else this.#wake()
  }

  #turnFailed(turn: AbortController, claim: Claim, cause: unknown): void {
    if (turn !== this.#turn) return
    this.#turn = undefined
    this.#idleWakeUps += 1
    const error = this.#engine.requests.wrap({ what: 'wait for', claims: [claim] }, cause)
    this.#engine.emit({ type: 'backend-error', operation: 'wait', key: claim.key, error })
    this.#pollIn(this.#slowedMs())
  }

  #slowedMs(): number {
    return this.#idleWakeUps > IDLE_WAKE_UPS ? Math.min(this.#engine.options.pollMs, 2 ** this.#idleWakeUps) : 0
  }
}
