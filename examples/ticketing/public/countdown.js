/**
 * Counts down the time that the server said remains. It is counted from the arrival of the answer, on a clock that nobody sets: a browser
 * whose time of day is wrong shows the same.
 */
export class Countdown {
  #endsAt = 0
  #fullMs = 1
  #isOver = true
  #onTick
  #onOver

  /**
   * @param {(remainingMs: number, share: number) => void} onTick
   * @param {() => void} onOver
   */
  constructor(onTick, onOver) {
    this.#onTick = onTick
    this.#onOver = onOver
    setInterval(() => this.show(), 250)
  }

  /** @param {number} remainingMs */
  start(remainingMs) {
    const endsAt = performance.now() + remainingMs
    if (this.#isOver || endsAt > this.#endsAt + 1000) this.#fullMs = Math.max(remainingMs, 1)
    this.#endsAt = endsAt
    this.#isOver = false
    this.show()
  }

  stop() {
    this.#isOver = true
  }

  show() {
    if (this.#isOver) return
    const remainingMs = Math.max(0, this.#endsAt - performance.now())
    this.#onTick(remainingMs, remainingMs / this.#fullMs)
    if (remainingMs > 0) return
    this.#isOver = true
    this.#onOver()
  }
}

/** @param {number} ms */
export function clockText(ms) {
  const seconds = Math.ceil(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
