interface Visitor {
  readonly alone: boolean
  readonly enter: () => void
}

/** Who may run at the same time at one target: many who disturb nobody, or one alone. In the order in which they came. */
export class Floor {
  readonly #inside = new Set<string>()
  readonly #line: Visitor[] = []
  #visits = 0
  #closed = false

  /** Who is inside, by name. */
  get inside(): readonly string[] {
    return [...this.#inside]
  }

  async run<T>(name: string, alone: boolean, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((enter) => {
      this.#line.push({ alone, enter })
      this.#admit()
    })
    this.#inside.add(name)
    try {
      return await work()
    } finally {
      this.#inside.delete(name)
      this.#visits -= 1
      if (alone) this.#closed = false
      this.#admit()
    }
  }

  #admit(): void {
    for (let first = this.#line[0]; first !== undefined; first = this.#line[0]) {
      if (this.#closed || (first.alone && this.#visits > 0)) return
      this.#line.shift()
      this.#visits += 1
      this.#closed = first.alone
      first.enter()
    }
  }
}
