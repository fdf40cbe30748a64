import { isLeaseholdError } from '../errors.ts'
import { Contender } from './contender.ts'
import type { Engine } from './engine.ts'
import type { Waiter } from './waiter.ts'

interface KeyQueue {
  /** First in, first out; the contender is no longer among them. */
  readonly waiters: Set<Waiter>
  contender?: Contender | undefined
}

/** Who waits for which key in this process. Per key only the first contends at the backend, and only while no lease here has the key. */
export class Queues {
  readonly #engine: Engine
  readonly #byKey = new Map<string, KeyQueue>()
  /** Callers who wait or contend. */
  size = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  enter(waiter: Waiter): void {
    const queue = this.#byKey.get(waiter.key) ?? { waiters: new Set<Waiter>() }
    this.#byKey.set(waiter.key, queue)
    this.size += 1
    this.#engine.outstanding.begin()
    queue.waiters.add(waiter)
    waiter.onGivenUp = () => {
      queue.waiters.delete(waiter)
      this.#left()
      this.#closeIfEmpty(waiter.key, queue)
    }
    this.advance(waiter.key)
    if (!queue.waiters.has(waiter)) return
    if (waiter.attemptsOnce) waiter.timeOut()
    else this.#engine.tellWaiting(waiter)
  }

  /** Lets the next waiter contend, if the key is not held here and nobody contends yet. */
  advance(key: string): void {
    // Looked at first: to find a lease over ends it, which advances the queue.
    const next = this.#engine.holds.valid(key) ? undefined : this.promote(key)
    if (next) void this.start(next, false)
  }

  /** Makes the next waiter the contender, if there is none yet: for a release to name it, and to `start` it right afterwards. */
  promote(key: string): Contender | undefined {
    const queue = this.#byKey.get(key)
    if (!queue || queue.contender) return undefined
    const [next] = queue.waiters
    if (!next) return undefined
    queue.waiters.delete(next)
    queue.contender = new Contender(this.#engine, next)
    return queue.contender
  }

  async start(contender: Contender, waitFirst: boolean): Promise<void> {
    const { key } = contender.waiter
    const queue = this.#byKey.get(key) as KeyQueue
    const failure = await contender.contend(waitFirst)
    this.#left()
    queue.contender = undefined
    this.#shareFailure(queue, failure)
    this.#closeIfEmpty(key, queue)
    this.advance(key)
  }

  /** What the contender was told holds for those who would ask next: they need not wait for the same answer one by one. */
  #shareFailure({ waiters }: KeyQueue, failure: unknown): void {
    if (!isLeaseholdError(failure) || !failure.code.startsWith('BACKEND')) return
    for (const waiter of waiters) if (waiter.terms.waitMs === undefined) waiter.giveUp(failure)
  }

  /** Ends every wait. */
  giveUpAll(reason: unknown): void {
    for (const queue of this.#byKey.values()) {
      for (const waiter of queue.waiters) waiter.giveUp(reason)
      queue.contender?.waiter.giveUp(reason)
    }
  }

  #left(): void {
    this.size -= 1
    this.#engine.outstanding.end()
  }

  #closeIfEmpty(key: string, queue: KeyQueue): void {
    if (queue.waiters.size === 0 && !queue.contender && this.#byKey.get(key) === queue) this.#byKey.delete(key)
  }
}
