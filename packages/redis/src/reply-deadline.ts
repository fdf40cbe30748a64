/** Tells when nothing is heard although something was asked: half-open connections do not tell themselves. One timer for all that is under way. */
export class ReplyDeadline {
  readonly #timeoutMs: number
  readonly #onSilence: () => void
  #awaited = 0
  #answers = 0
  #timer: NodeJS.Timeout | undefined

  constructor(timeoutMs: number, onSilence: () => void) {
    this.#timeoutMs = timeoutMs
    this.#onSilence = onSilence
  }

  sent(): void {
    this.#awaited += 1
    if (this.#timer === undefined) this.#watch()
  }

  answered(): void {
    this.#awaited -= 1
    this.#answers += 1
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #watch(): void {
    const answers = this.#answers
    // After a process was blocked, timers come before what has arrived meanwhile: that is read first.
    this.#timer = setTimeout(() => setImmediate(() => this.#look(answers)), this.#timeoutMs)
    this.#timer.unref()
  }

  #look(answersBefore: number): void {
    this.#timer = undefined
    if (this.#awaited === 0) return
    if (this.#answers === answersBefore) this.#onSilence()
    this.#watch()
  }
}
