import type { LockHall } from './hall.ts'

/** The moments at which to look at a key again: told by the backend, or by the clock. Whoever waits for one keeps the process alive. */
export class Changes {
  over = false
  readonly #hall: LockHall
  readonly #watching = new AbortController()
  readonly #signal: AbortSignal | undefined
  #changed = false
  #wake: () => void = () => {}
  readonly #end = () => {
    this.over = true
    this.#wake()
  }

  /** Ends when `signal` aborts, and with the `Locks`. */
  constructor(hall: LockHall, key: string, signal: AbortSignal | undefined) {
    this.#hall = hall
    this.#signal = signal
    hall.observers.add(this.#end)
    signal?.addEventListener('abort', this.#end)
    if (signal?.aborted) this.over = true
    else
      hall.backend.watch?.(key, this.#watching.signal, () => {
        this.#changed = true
        this.#wake()
      })
  }

  /** `missed`: what there is now could not be seen. Nobody tells that it can be again. */
  async next(missed: boolean): Promise<void> {
    const { backend, options, outstanding, scheduler } = this.#hall
    const task = { fire: () => this.#wake() }
    if (!this.over && !this.#changed) {
      outstanding.begin()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (missed || !backend.watch) scheduler.after(options.pollMs, task)
      })
      scheduler.cancel(task)
      outstanding.end()
    }
    this.#changed = false
  }

  stop(): void {
    this.#watching.abort()
    this.#hall.observers.delete(this.#end)
    this.#signal?.removeEventListener('abort', this.#end)
  }
}
