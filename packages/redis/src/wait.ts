import { type Anchor, type Clock, type Grant, grantedSince, type Instant } from '@leasehold/core'
import type { Attempt } from './answers.ts'
import type { Turn } from './turns.ts'
import { REFRESH_MS, UNANSWERED_MS } from './waiting-times.ts'

/** An expiry that repeats itself must not become a busy loop. */
const SHORTEST_PAUSE_MS = 5

/** What became of joining the line, and when it was asked for. */
export interface Joined {
  readonly attempt: Attempt
  readonly sentAt: Instant
}

/** How one claim waits. */
export interface Waiting {
  /** Puts it in line, or says that it lives. */
  join(): Promise<Joined>
  /** Calls `again` once, together with others who wait, within `REFRESH_MS`. Returns how to stop. */
  beat(again: () => void): () => void
  /** Nothing is asked for it any more. */
  over(): void
}

/** One claim in line: says that it lives until its turn comes, by message or as the answer to that. */
export class Wait {
  /** The grant; or nothing, as a hint to try again. */
  readonly outcome: Promise<Grant | undefined>
  readonly #clock: Clock
  readonly #waiting: Waiting
  #anchor: Anchor | undefined
  #early: Turn | undefined
  /** Of what comes next. */
  #cancel: (() => void) | undefined
  #over = false
  #resolve!: (grant: Grant | undefined) => void
  #reject!: (error: unknown) => void

  constructor(clock: Clock, waiting: Waiting) {
    this.#clock = clock
    this.#waiting = waiting
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  /** Granted, given up, or ended with a hint: nothing is asked for it any more. */
  get isOver(): boolean {
    return this.#over
  }

  begin(join = () => this.#waiting.join()): void {
    if (this.#over) return
    this.hintIn(UNANSWERED_MS)
    join().then(
      (each) => this.#joined(each),
      (error: unknown) => this.#end(() => this.#reject(error)),
    )
  }

  failIn(delayMs: number, error: unknown): void {
    this.#after(delayMs, () => this.#end(() => this.#reject(error)))
  }

  /** Unless it is known by then to stand in line: nobody could tell it of its turn meanwhile, or the server says nothing. */
  hintIn(delayMs: number): void {
    this.#after(delayMs, () => this.end())
  }

  /** A turn may be told before the answer that put the claim in line. */
  hear(turn: Turn | undefined): void {
    if (turn !== undefined && this.#anchor === undefined) this.#early = turn
    else this.end(turn && grantedSince(turn.grant, turn.serverMs, this.#anchor as Anchor, this.#clock.now()))
  }

  /** The server's: turns are told by another one from now on. They wait for its answer. */
  forgetClock(): void {
    this.#anchor = undefined
  }

  /** Without a grant: a hint to try again. */
  end(grant?: Grant): void {
    this.#end(() => this.#resolve(grant))
  }

  #joined({ attempt, sentAt }: Joined): void {
    if (this.#over) return
    if (attempt.granted) this.end({ ...attempt, since: sentAt })
    else this.#stand({ sentAt, serverMs: attempt.serverMs }, attempt.remainingMs)
  }

  #stand(anchor: Anchor, remainingMs = REFRESH_MS): void {
    this.#anchor = anchor
    if (this.#early !== undefined) this.hear(this.#early)
    if (this.#over) return
    const freeInMs = Math.max(SHORTEST_PAUSE_MS, remainingMs + 1)
    const again = () => this.begin()
    if (freeInMs < REFRESH_MS) this.#after(freeInMs, again)
    else this.#next(this.#waiting.beat(again))
  }

  #after(delayMs: number, then: () => void): void {
    if (!this.#over) this.#next(this.#clock.setTimer(delayMs, then))
  }

  /** In place of what was to come. */
  #next(cancel: (() => void) | undefined): void {
    this.#cancel?.()
    this.#cancel = cancel
  }

  #end(tell: () => void): void {
    if (this.#over) return
    this.#over = true
    this.#next(undefined)
    this.#waiting.over()
    tell()
  }
}
