import { inNoContext } from '../no-context.ts'

/** A timer can take little more. */
const LONGEST_MS = 2e9

/** Counts what somebody waits for. Keeps the process alive meanwhile, as an open connection would; `close` waits for it, too. */
export class Outstanding {
  #count = 0
  #onNone: () => void = () => {}
  /** Where timers are numbers, nothing depends on them. */
  #alive: Partial<NodeJS.Timeout> | undefined

  begin(): void {
    this.#count += 1
    if (this.#count === 1) this.#stayAlive()
  }

  end(): void {
    this.#count -= 1
    if (this.#count > 0) return
    this.#alive?.unref?.()
    this.#onNone()
  }

  /** For work whose failure has reached whom it concerns. */
  during(work: Promise<unknown>): void {
    this.begin()
    const end = () => this.end()
    void work.then(end, end)
  }

  /** Resolves when there is nothing any more. For one caller. */
  async none(): Promise<void> {
    while (this.#count > 0) {
      await new Promise<void>((resolve) => {
        this.#onNone = resolve
      })
    }
  }

  /** For good. */
  stop(): void {
    clearTimeout(this.#alive as NodeJS.Timeout)
  }

  #stayAlive(): void {
    this.#alive ??= inNoContext(() =>
      setTimeout(async () => {
        this.#alive = undefined
        // A test that runs all of its own timers, one after the other, would come to no end.
        await undefined
        if (this.#count) this.#stayAlive()
      }, LONGEST_MS),
    )
    this.#alive.ref?.()
  }
}
