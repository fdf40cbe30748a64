import { inNoContext } from '../no-context.ts'

/** Counts what somebody waits for. Keeps the process alive meanwhile, as an open connection would; `close` waits for it, too. */
export class Outstanding {
  #count = 0
  #onNone: () => void = () => {}
  /** Where timers are numbers, nothing depends on them. */
  #alive: Partial<NodeJS.Timeout> | undefined

  begin(): void {
    this.#count += 1
    if (this.#count > 1) return
    this.#alive ??= inNoContext(() => setInterval(() => {}, 1e9))
    this.#alive.ref?.()
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
    clearInterval(this.#alive as NodeJS.Timeout)
  }
}
