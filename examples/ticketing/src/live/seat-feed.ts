export type SeatState = 'free' | 'held' | 'sold'
export type SeatStates = Readonly<Record<string, SeatState>>

/**
 * What one browser has yet to be told. A browser that reads slowly is owed the latest state of each seat and no more, so that it
 * costs at most one auditorium of memory.
 */
export class SeatFeed {
  #owed: Record<string, SeatState> = {}
  #wake: (() => void) | undefined

  push(states: SeatStates): void {
    Object.assign(this.#owed, states)
    if (Object.keys(this.#owed).length > 0) this.#wake?.()
  }

  /** The states that changed since the last call; empty when nothing did for `waitMs`. */
  async next(waitMs: number): Promise<SeatStates> {
    if (Object.keys(this.#owed).length === 0) await this.#changeWithin(waitMs)
    const owed = this.#owed
    this.#owed = {}
    return owed
  }

  /** Ends a wait at once. */
  stop(): void {
    this.#wake?.()
  }

  #changeWithin(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#wake?.(), waitMs)
      this.#wake = () => {
        clearTimeout(timer)
        this.#wake = undefined
        resolve()
      }
    })
  }
}
