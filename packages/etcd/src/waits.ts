import type { Candidate, Claim, Grant, Terms } from '@leasehold/core'
import type { Line, Queued } from './line.ts'
import type { Namespace } from './namespace.ts'
import type { PermitWaits } from './permit-waits.ts'
import { isForPermits } from './permits.ts'
import type { Handover, Releases } from './releases.ts'
import type { Turns, Waiting } from './turns.ts'

interface Requeued {
  readonly waiting: Waiting
  readonly queued: Promise<Queued>
}

/** Waits for turns. A place is taken once deletions are heard, and kept across polls until the claim is released. */
export class Waits {
  readonly #namespace: Namespace
  readonly #line: Line
  readonly #turns: Turns
  readonly #releases: Releases
  readonly #permitWaits: PermitWaits
  /** Claims that a release under way puts in line. */
  readonly #requeued = new Map<string, Requeued>()

  constructor(namespace: Namespace, line: Line, turns: Turns, releases: Releases, permitWaits: PermitWaits) {
    this.#namespace = namespace
    this.#line = line
    this.#turns = turns
    this.#releases = releases
    this.#permitWaits = permitWaits
  }

  async wait(claim: Claim, terms: Terms, signal: AbortSignal): Promise<Grant | undefined> {
    const candidate = { ...claim, ...terms }
    if (isForPermits(candidate)) return this.#permitWaits.wait(candidate, signal)
    const { waiting, queued } = this.#enter(candidate, signal)
    const stop = () => waiting.look()
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
    try {
      return await this.#turn(candidate, waiting, queued, signal)
    } finally {
      signal.removeEventListener('abort', stop)
      this.#turns.leave(waiting)
    }
  }

  /** Releases, and puts the next claim in line on the same trip. Its wait is expected in the same turn of the event loop. */
  async release(claim: Claim, next?: Candidate): Promise<boolean> {
    if (next === undefined || isForPermits(next) || !this.#turns.isListening) return this.#releases.release(claim)
    const place = this.#namespace.placeOf(next)
    const waiting = this.#turns.enter(place)
    const handover = this.#releases.handOver(claim, next)
    const queued = handover.then((done: Handover) => done.queued)
    queued.catch(() => {})
    this.#requeued.set(place, { waiting, queued })
    try {
      return (await handover).released
    } finally {
      // Nobody came to wait.
      if (this.#requeued.delete(place)) this.#turns.leave(waiting)
    }
  }

  #enter(candidate: Candidate, signal: AbortSignal): Requeued {
    const place = this.#namespace.placeOf(candidate)
    const requeued = this.#requeued.get(place)
    this.#requeued.delete(place)
    if (requeued !== undefined) return requeued
    return { waiting: this.#turns.enter(place), queued: this.#enqueue(candidate, signal) }
  }

  async #enqueue(candidate: Candidate, signal: AbortSignal): Promise<Queued> {
    await this.#turns.listen()
    signal.throwIfAborted()
    return this.#line.enqueue(candidate)
  }

  async #turn(
    claim: Candidate,
    waiting: Waiting,
    queued: Promise<Queued>,
    signal: AbortSignal,
  ): Promise<Grant | undefined> {
    const standing = await Promise.race([queued, waiting.woken])
    if (standing === 'look' || standing === 'turn') {
      if (signal.aborted) this.#releases.withdrawLater(claim, queued)
      else await queued
      return undefined
    }
    waiting.standsBehind(standing.ahead)
    const { session } = standing
    // It may have ended before the place was known to hang on it.
    if (session.ended !== undefined) waiting.look()
    const wake = await waiting.woken
    if (wake === 'look' || signal.aborted || session.ended !== undefined || session.ageMs >= session.ttlMs)
      return undefined
    return this.#line.promote(claim, claim.ttlMs, standing)
  }
}
