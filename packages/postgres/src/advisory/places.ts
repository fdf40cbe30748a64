import { placeOf } from '../place.ts'

const REMEMBERED = 1000

/** Where the keys of one schema stand, as text. Those used lately are remembered: to hash costs as much as to ask for a lock. */
export class Places {
  readonly #schema: string
  readonly #known = new Map<string, string>()

  constructor(schema: string) {
    this.#schema = schema
  }

  of(key: string): string {
    return this.#known.get(key) ?? this.#hashed(key)
  }

  #hashed(key: string): string {
    // Schemas are worlds of their own.
    const place = String(placeOf(`advisory:${this.#schema}:${key}`))
    if (this.#known.size >= REMEMBERED) this.#known.clear()
    this.#known.set(key, place)
    return place
  }
}
