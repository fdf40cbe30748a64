import { Contender } from './contender.ts'
import type { Engine } from './engine.ts'
import type { Waiter } from './waiter.ts'

interface KeyQueue {
  /** First in, first out; the contender is no longer among them. */
  readonly waiters: Set<Waiter>
  contender: Contender | undefined
}

/** Who waits for which key in this process. Per key only the first contends at the backend, and only while no lease here has the key. */
export class Queues {
  readonly #engine: Engine
  readonly #byKey = new Map<string, KeyQueue>()
  #size = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Callers who wait or contend. */
  get size(): number {
    return this.#size
  }

  enter(waiter: Waiter): void {
    const queue = this.#byKey.get(waiter.key) ?? this.#open(waiter.key)
    this.#size += 1
    queue.waiters.add(waiter)
    waiter.onGivenUp = () => {
      this.#leave(queue, waiter)
      this.#closeIfEmpty(waiter.key, queue)
    }
    this.advance(waiter.key)
    if (waiter.attemptsOnce && queue.waiters.has(waiter)) waiter.timeOut()
  }

  /** Lets the next waiter contend, if the key is not held here and nobody contends yet. */
  advance(key: string): void {
    // Looked at first: to find a lease over ends it, which advances the queue.
    const held = this.#engine.holds.valid(key) !== undefined
    const queue = this.#byKey.get(key)
    if (queue === undefined || held || queue.contender !== undefined) return
    const [next] = queue.waiters
    if (next !== undefined) this.#contend(queue, next).start(false)
  }

  /** The next waiter, as the contender that a release is to name; `start` it right after the release was sent. */
  promote(key: string): { contender: Contender; start: (waitFirst: boolean) => void } | undefined {
    const queue = this.#byKey.get(key)
    if (queue === undefined || queue.contender !== undefined) return undefined
    const [next] = queue.waiters
    return next && this.#contend(queue, next)
  }

  /** Ends every wait. */
  giveUpAll(reason: unknown): void {
    for (const queue of this.#byKey.values()) {
      for (const waiter of queue.waiters) waiter.giveUp(reason)
      queue.contender?.waiter.giveUp(reason)
    }
  }

  #contend(queue: KeyQueue, waiter: Waiter): { contender: Contender; start: (waitFirst: boolean) => void } {
    const contender = new Contender(this.#engine, waiter)
    queue.waiters.delete(waiter)
    queue.contender = contender
    const start = (waitFirst: boolean) => this.#engine.inBackground(this.#run(queue, contender, waitFirst))
    return { contender, start }
  }

  async #run(queue: KeyQueue, contender: Contender, waitFirst: boolean): Promise<void> {
    await contender.contend(waitFirst)
    this.#size -= 1
    queue.contender = undefined
    this.#closeIfEmpty(contender.waiter.key, queue)
    this.advance(contender.waiter.key)
  }

  #open(key: string): KeyQueue {
    const queue: KeyQueue = { waiters: new Set(), contender: undefined }
    this.#byKey.set(key, queue)
    return queue
  }

  #leave(queue: KeyQueue, waiter: Waiter): void {
    if (queue.waiters.delete(waiter)) this.#size -= 1
  }

  #closeIfEmpty(key: string, queue: KeyQueue): void {
    if (queue.waiters.size === 0 && queue.contender === undefined && this.#byKey.get(key) === queue)
      this.#byKey.delete(key)
  }
}
