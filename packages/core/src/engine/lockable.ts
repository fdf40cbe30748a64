import type { AcquireOptions, HoldOptions, Lockable } from '../api.ts'
import type { Share } from '../contract.ts'
import type { LockHall } from './hall.ts'
import { assertFunction, parseHold, parseWait, type WaitTerms } from './options.ts'
import { promiseTry } from './promise-try.ts'

type Work<Held, T> = (held: Held) => Promise<T> | T

/** Whatever can be held, with defaults of its own. */
export abstract class Holdable<Held extends { run<T>(work: Work<Held, T>): Promise<T> }> implements Lockable<Held> {
  readonly #hall: LockHall
  readonly #defaults: WaitTerms

  constructor(hall: LockHall, defaults: HoldOptions | undefined, share?: Share) {
    this.#hall = hall
    const terms = parseHold(hall.options, defaults)
    this.#defaults = share ? { ...terms, share } : terms
  }

  protected abstract attempt(hall: LockHall, terms: WaitTerms): Promise<Held | null>
  protected abstract wait(hall: LockHall, terms: WaitTerms): Promise<Held>

  tryAcquire(options?: HoldOptions): Promise<Held | null> {
    return promiseTry(() => this.attempt(this.#hall, parseHold(this.#defaults, options)))
  }

  acquire(options?: AcquireOptions): Promise<Held> {
    return promiseTry(() => this.wait(this.#hall, parseWait(this.#defaults, options)))
  }

  async run<T>(...args: (AcquireOptions | Work<Held, T>)[]): Promise<T> {
    const work = args.pop()
    assertFunction('work', work)
    const held = await this.acquire(args[0] as AcquireOptions | undefined)
    return held.run(work as Work<Held, T>)
  }
}
