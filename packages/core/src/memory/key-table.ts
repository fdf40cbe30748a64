/** So many keys that are gone are worth keeping. */
const SPARE = 128

/**
 * A map for keys that come and go all the time. A `Map` makes itself a new table whenever it gets small, or full of what was deleted, which costs more than the rest of
 * an acquire; and each old table refers to the next, which may keep all that ever was in them until the next full garbage collection. Here a key that is gone stays for a while, without its value.
 */
export class KeyTable<Value> {
  #entries = new Map<string, Value | undefined>()
  #size = 0

  get size(): number {
    return this.#size
  }

  get(key: string): Value | undefined {
    return this.#entries.get(key)
  }

  /** For a key that is not there. */
  add(key: string, value: Value): void {
    this.#entries.set(key, value)
    this.#size += 1
  }

  /** For a key that is there. */
  delete(key: string): void {
    this.#entries.set(key, undefined)
    this.#size -= 1
    if (this.#entries.size > 2 * this.#size + SPARE)
      this.#entries = new Map([...this.#entries].filter(([, value]) => value))
  }

  values(): Value[] {
    return [...this.#entries.values()].flatMap((value) => value ?? [])
  }
}
