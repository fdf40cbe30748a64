/** Whoever comes here stands still, until the test lets him go on. */
export class Gate {
  #standing: (() => void)[] = []
  #arrivals: (() => void)[] = []

  pass(): Promise<void> {
    return new Promise((goOn) => {
      this.#standing.push(goOn)
      for (const tell of this.#arrivals.splice(0)) tell()
    })
  }

  /** Resolves when somebody stands here. */
  async reached(): Promise<void> {
    if (this.#standing.length === 0) await new Promise<void>((tell) => this.#arrivals.push(tell))
  }

  /** For those who stand here now. */
  open(): void {
    for (const goOn of this.#standing.splice(0)) goOn()
  }
}
