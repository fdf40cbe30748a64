import { setTimeout as pause } from 'node:timers/promises'
import type { Claim, Instant } from '@leasehold/core'
import type { Hold } from './hold.ts'
import { Session } from './session.ts'
import { TURN_MS } from './statements.ts'

/**
 * How long a session may be silent that is granted a place, in milliseconds, until that is renewed or confirmed: the dead and the frozen block nobody for
 * longer. A process that was thawed may read a grant of a session that has ended meanwhile.
 */
const BRIEF_MS = 750

/** How much of a lease of this TTL a wait brings. */
export const briefMs = (ttlMs: number): number => Math.min(BRIEF_MS, ttlMs)

/** Behind readers: each time that a wait was in vain, it may block for twice as long, up to this. Nothing is sent meanwhile, and many a network forgets a connection after five minutes of silence. */
const LONGEST_TURN_MS = 240_000

/** So much later the server has granted a wait or ended it, unless the connection is dead. */
const ENDED_MS = 5000

/** `lock_not_available`: its time was over. */
const TIME_IS_UP = '55P03'

/** By when an interrupted wait must have ended. */
const INTERRUPTED_MS = 2000

/** Between interruptions: the first may come before the wait has begun at the server. */
const AGAIN_MS = 20

/** A session that stands in the server's line for one place at a time, and lives on as the session of what it was granted. */
export class Lane extends Session {
  #isLeaving = false
  /** How long the server lets a wait block. */
  #turnMs = TURN_MS

  get isFree(): boolean {
    return this.load === 0 && !this.#isLeaving && !this.hasEnded
  }

  /** Waits in the server's line, first in, first out; `asked` of the result tells that there is nothing more to wait for. */
  enqueue(claim: Claim, place: string): Hold {
    this.#turnMs = TURN_MS
    return this.#stand(claim, place, this.asking.brief(BRIEF_MS))
  }

  /** Gives the place up and stands in line for it again, for another claim, in one trip. */
  handOver(hold: Hold, next: Claim, ttlMs: number): { ended: Promise<boolean>; next: Hold } {
    const ended = this.giveUp(hold, BRIEF_MS)
    this.retune(ttlMs)
    const timed = this.#turnMs === TURN_MS ? Promise.resolve() : this.asking.turn(TURN_MS)
    this.#turnMs = TURN_MS
    return { ended, next: this.#stand(next, hold.place, timed) }
  }

  /** An empty lane is left without a timeout: its own is too short to be taken back later. */
  override giveUp(hold: Hold, timeoutMs = 0): Promise<boolean> {
    return super.giveUp(hold, timeoutMs)
  }

  /** Ends a wait. Resolves with whether it had brought the place. `interrupt` works on another session. */
  async leave(hold: Hold, interrupt: (pid: number) => Promise<void>): Promise<boolean> {
    let settled = hold.state !== 'waiting'
    const settle = () => {
      settled = true
    }
    const asked = hold.asked.then(settle, settle)
    let interrupting: Promise<void> | undefined
    this.#isLeaving = true
    this.allow(INTERRUPTED_MS)
    try {
      while (!settled) {
        const { pid } = this
        if (pid !== undefined) interrupting = interrupt(pid).catch(() => {})
        await Promise.race([asked, interrupting])
        if (!settled) await Promise.race([asked, pause(AGAIN_MS, undefined, { ref: false })])
      }
      return hold.state !== 'over' && (await this.giveUp(hold))
    } finally {
      // One that is still on its way would end the next wait.
      void Promise.resolve(interrupting).then(() => {
        this.#isLeaving = false
      })
    }
  }

  /** Behind a wait that has begun, it would come after the grant, and undo that. */
  protected override async undo(hold: Hold): Promise<void> {
    if (this.load > 0) this.end(new Error('a lock could not be given up'))
    else await super.undo(hold)
  }

  #stand(claim: Claim, place: string, timed: Promise<void>): Hold {
    const hold = this.admit(claim, place)
    hold.state = 'waiting'
    hold.asked = this.#wait(hold, timed)
    hold.asked.catch(() => {})
    return hold
  }

  async #wait(hold: Hold, timed: Promise<void>): Promise<boolean> {
    this.allow(this.#turnMs + ENDED_MS)
    timed.catch((error: Error) => this.end(error))
    // The server cannot have granted it before it was asked.
    const since = { monotonicMs: performance.now(), wallMs: Date.now() }
    let token: string
    try {
      token = await this.asking.wait(hold)
    } catch (error) {
      if (!this.hasEnded && isTimeUp(error) && (await this.#isBehindReaders(hold))) return this.#waitLonger(hold)
      if (this.hasEnded) throw error
      // Interrupted, or its time in line was over; it may have been granted all the same.
      this.drop(hold)
      await this.undo(hold)
      return false
    }
    if (this.hasEnded) return false
    if (passedMs(since) <= briefMs(this.ttlMs) / 2) this.lease(hold, token, since, briefMs(this.ttlMs))
    else this.tell(hold)
    return true
  }

  /** Those who came meanwhile go in as the time of a writer is over. In a longer one, those who read now come to their end. */
  #waitLonger(hold: Hold): Promise<boolean> {
    this.#turnMs = Math.min(2 * this.#turnMs, LONGEST_TURN_MS)
    return this.#wait(hold, this.asking.turn(this.#turnMs))
  }

  async #isBehindReaders(hold: Hold): Promise<boolean> {
    if (hold.mode === 'shared' || this.#isLeaving) return false
    try {
      // It may have been granted all the same.
      const [, isRead] = await Promise.all([this.asking.undo(hold), this.asking.isRead(hold.place)])
      return isRead && !this.#isLeaving
    } catch (error) {
      this.end(error as Error)
      return false
    }
  }
}

const isTimeUp = (error: unknown): boolean => (error as { code?: unknown }).code === TIME_IS_UP

/** By the clock that says more. */
const passedMs = ({ monotonicMs, wallMs }: Instant): number =>
  Math.max(performance.now() - monotonicMs, Date.now() - wallMs)
