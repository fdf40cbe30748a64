const CLOSED = 'these locks were closed'

/** What ended a statement instead of an answer. */
interface Failure {
  readonly error: unknown
}

/** Statements without an answer yet. Each is given up when its time is over, and all of them when the locks are closed. */
export class UnderWay {
  readonly #timeoutMs: number
  readonly #giveUp = new Set<(why: string) => void>()
  #isClosed = false

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs
  }

  /** Settles as what is begun does, or rejects where that is given up: `isOpen` says no from then on. `ended` is called once, before anybody hears of the outcome. */
  run<Answer>(
    begin: (isOpen: () => boolean) => Promise<Answer>,
    ended: (failure?: Failure) => void = () => {},
  ): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(new Error(CLOSED))
    return new Promise((resolve, reject) => {
      let open = true
      const end = (failure?: Failure): boolean => {
        if (!open) return false
        open = false
        clearTimeout(timer)
        this.#giveUp.delete(giveUp)
        ended(failure)
        return true
      }
      const failed = (error: unknown): void => {
        if (end({ error })) reject(error)
      }
      const giveUp = (why: string): void => failed(new Error(why))
      const timer = setTimeout(giveUp, this.#timeoutMs, `no answer from Postgres within ${this.#timeoutMs} ms`)
      timer.unref()
      this.#giveUp.add(giveUp)
      begin(() => open).then((answer) => {
        if (end()) resolve(answer)
      }, failed)
    })
  }

  close(): void {
    this.#isClosed = true
    for (const giveUp of this.#giveUp) giveUp(CLOSED)
  }
}
