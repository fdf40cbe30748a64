import type { Candidate, Claim, Grant, Terms } from '@leasehold/core'
import { abortingOf } from './aborting.ts'
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
    const aborting = abortingOf(signal)
    void aborting.aborted.then(() => waiting.look())
    try {
      const standing = await Promise.race([queued, waiting.woken, aborting.aborted])
      if (typeof standing === 'object') return await this.#turn(candidate, waiting, standing, signal)
      // Its place may be lost already, or is not known yet.
      await Promise.race([queued, aborting.aborted])
      if (signal.aborted) this.#releases.withdrawLater(candidate, queued)
      return undefined
    } finally {
      aborting.forget()
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
      if (this.#requeued.delete(place)) {
        // Nobody came to wait.
        this.#turns.leave(waiting)
        this.#releases.withdrawLater(next, queued)
      }
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

  async #turn(claim: Candidate, waiting: Waiting, standing: Queued, signal: AbortSignal): Promise<Grant | undefined> {
    waiting.standsBehind(standing.ahead)
    // It may have ended before the place was known to hang on it.
    if (standing.session.ended !== undefined) waiting.look()
    const wake = await waiting.woken
    return wake === 'look' || signal.aborted ? undefined : this.#line.promote(claim, claim.ttlMs, standing)
  }
}
