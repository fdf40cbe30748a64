import type { Grant } from '@leasehold/core'
import { abortingOf } from './aborting.ts'
import type { Line, Queued } from './line.ts'
import type { Hearing, LineWatches } from './line-watches.ts'
import type { Namespace } from './namespace.ts'
import type { PermitCandidate, Permits } from './permits.ts'
import type { Releases } from './releases.ts'
import type { Turns, Waiting } from './turns.ts'

/**
 * Waits for permits. The first of those who wait looks whether there is room, whenever somebody ahead has left. Those behind wait until it has its permits, which
 * a watch of the line tells.
 */
export class PermitWaits {
  readonly #namespace: Namespace
  readonly #line: Line
  readonly #permits: Permits
  readonly #turns: Turns
  readonly #watches: LineWatches
  readonly #releases: Releases

  constructor(
    namespace: Namespace,
    line: Line,
    permits: Permits,
    turns: Turns,
    watches: LineWatches,
    releases: Releases,
  ) {
    this.#namespace = namespace
    this.#line = line
    this.#permits = permits
    this.#turns = turns
    this.#watches = watches
    this.#releases = releases
  }

  async wait(candidate: PermitCandidate, signal: AbortSignal): Promise<Grant | undefined> {
    const look = new Looking(this.#turns, this.#namespace.placeOf(candidate))
    const hearing = this.#watches.listen(this.#namespace.lineFor(candidate.key), look)
    const aborting = abortingOf(signal)
    void aborting.aborted.then(() => look.ended())
    try {
      look.stands = await this.#queue(candidate, hearing, look.waiting.woken, signal, aborting.aborted)
      return await this.#granted(candidate, look, aborting.aborted)
    } finally {
      aborting.forget()
      hearing.leave()
      look.leave()
    }
  }

  /** Undefined: it is not to wait any more, or not like this. */
  async #queue(
    candidate: PermitCandidate,
    { opened }: Hearing,
    woken: Waiting['woken'],
    signal: AbortSignal,
    aborted: Promise<void>,
  ): Promise<Queued | undefined> {
    const enqueue = async () => {
      await opened
      signal.throwIfAborted()
      return this.#line.enqueue(candidate)
    }
    const queued = enqueue()
    const standing = await Promise.race([queued, woken, aborted])
    if (typeof standing === 'object') return standing
    await Promise.race([queued, aborted])
    if (signal.aborted) this.#releases.withdrawLater(candidate, queued)
    return undefined
  }

  async #granted(candidate: PermitCandidate, look: Looking, aborted: Promise<void>): Promise<Grant | undefined> {
    while (look.goesOn) {
      const asking = this.#permits.turn(candidate, () => look.goesOn)
      // What is told of its own place may be what is just being done. Whoever is told to look again would meet it on its way.
      const answer = await Promise.race([asking, aborted])
      if (!answer) {
        asking.catch(() => {})
        return undefined
      }
      if (answer.granted) return answer
      if (!answer.isStanding) return undefined
      look.waiting.standsBehind(answer.ahead, answer.enough)
      if ((await look.waiting.woken) === 'look') return undefined
      look.again()
    }
    return undefined
  }
}

/** One claim that looks again and again. What happens from before a look until it is known what it waits for is noted. */
class Looking {
  waiting: Waiting
  stands: Queued | undefined
  readonly #turns: Turns
  #isOver = false

  constructor(turns: Turns, place: string) {
    this.#turns = turns
    this.waiting = turns.enter(place)
  }

  get goesOn(): boolean {
    return !this.#isOver && this.stands !== undefined && this.stands.session.ended === undefined
  }

  changed(place: string, revision: bigint): void {
    if (place !== this.waiting.place) this.waiting.passed(place, revision)
    // Its place was granted its permits by an attempt, or is no more.
    else if (this.stands !== undefined && revision > BigInt(this.stands.modRevision)) this.waiting.mayBeGranted()
  }

  /** It was given up, or changes are not heard any more. */
  ended(): void {
    this.#isOver = true
    this.waiting.look()
  }

  again(): void {
    this.leave()
    this.waiting = this.#turns.enter(this.waiting.place)
  }

  leave(): void {
    this.#turns.leave(this.waiting)
  }
}
