/** Counts work under way, for `close` to wait for. */
export class Outstanding {
  #count = 0
  #onNone: (() => void)[] = []

  begin(): void {
    this.#count += 1
  }

  end(): void {
    this.#count -= 1
    if (this.#count > 0) return
    const told = this.#onNone
    this.#onNone = []
    for (const tell of told) tell()
  }

  /** Resolves when nothing is under way. */
  async none(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#onNone.push(resolve))
  }
}
