import { setTimeout as pause } from 'node:timers/promises'
import type { Claim, Instant } from '@leasehold/core'
import { LOCK_NOT_AVAILABLE, stateOf } from '../refusals.ts'
import type { Connection } from './connection.ts'
import type { Hold } from './hold.ts'
import { Session, type SessionKeeper } from './session.ts'
import type { Statements } from './statements.ts'

/**
 * How long a session may be silent that is granted a place, in milliseconds, until that is renewed or confirmed: the dead and the frozen block nobody for
 * longer. A process that was thawed may read a grant of a session that has ended meanwhile.
 */
const BRIEF_MS = 750

/** How long it may be silent while it has nothing but its place in line. */
const WAITING_MS = 5000

/** How much of a lease of this TTL a wait brings. */
export const briefMs = (ttlMs: number): number => Math.min(BRIEF_MS, ttlMs)

/**
 * How long a wait may block in one go. While it does, the server cannot clean up what was deleted meanwhile, and nobody's `create index concurrently` comes to its end; and so long at most, those who are dead or
 * frozen stand in line.
 */
const TURN_MS = 1000

/** Of two who come again and again, none is to come at the wrong time each time. */
const turnMs = (): number => Math.round(TURN_MS * (0.8 + Math.random() / 5))

/** So much later the server has granted a wait or ended it, unless the connection is dead. */
const ENDED_MS = 5000

/** A wait that took longer may be in vain the next time. */
const QUICK_MS = 200

/** By when an interrupted wait must have ended. */
const INTERRUPTED_MS = 2000

/** Between interruptions: the first may come before the wait has begun at the server. */
const AGAIN_MS = 20

/** Who waits for a session to wait on, as the sessions see it. */
export interface LaneLine {
  /** Somebody does: whoever has stood for long enough makes room. */
  readonly isAwaited: boolean
  /** There may be room. */
  offer(): void
}

/** A session that stands in the server's line for one place at a time, and lives on as the session of what it was granted. */
export class Lane extends Session {
  readonly #line: LaneLine
  #waiting: Hold | undefined
  #stays = false
  /** The last wait was short, and so will the next one be: it may cost less, and be told as an error where it is in vain. */
  #isQuick = false
  #isLeaving = false
  /** Readers are kept out of the place that is waited for. */
  #isShut = false
  #shutting: Promise<unknown> | undefined
  #freeSinceMs = performance.now()

  constructor(
    ttlMs: number,
    connect: (onEnd: () => void) => Connection,
    sql: Statements,
    keeper: SessionKeeper,
    line: LaneLine,
  ) {
    super(ttlMs, connect, sql, keeper)
    this.#line = line
  }

  get isFree(): boolean {
    return this.load === 0 && !this.#isLeaving && !this.hasEnded
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined || this.#isLeaving
  }

  get freeSinceMs(): number {
    return this.#freeSinceMs
  }

  /**
   * Waits in the server's line, first in, first out while no wait takes longer than a second; `asked` of the result tells that there is nothing more to wait for. One that does not stay makes
   * room after a second, if somebody else wants to wait here.
   */
  enqueue(claim: Claim, place: string, stays: boolean): Hold {
    this.#stays = stays
    return this.#stand(claim, place, this.asking.brief(WAITING_MS, turnMs()))
  }

  /** Gives the place up and stands in line for it again, for another claim, in one trip. */
  handOver(hold: Hold, next: Claim, ttlMs: number): { ended: Promise<boolean>; next: Hold } {
    const ended = super.giveUp(hold, BRIEF_MS)
    this.retune(ttlMs)
    this.#stays = false
    return { ended, next: this.#stand(next, hold.place, Promise.resolve()) }
  }

  /** An empty lane is left without a timeout: its own is too short to be taken back later. */
  override giveUp(hold: Hold, timeoutMs = 0): Promise<boolean> {
    const ended = super.giveUp(hold, timeoutMs)
    this.#makeRoom()
    return ended
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
        this.#makeRoom()
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
    this.#waiting = hold
    timed.catch((error: Error) => this.end(error))
    hold.asked = this.#wait(hold).finally(() => this.#waitsNoLonger(hold))
    hold.asked.catch(() => {})
    return hold
  }

  /** Resolves with whether it was granted. */
  async #wait(hold: Hold): Promise<boolean> {
    for (let turn = 1; ; turn += 1) {
      this.allow(TURN_MS + ENDED_MS)
      // The server cannot have granted it before it was asked.
      const since = { monotonicMs: performance.now(), wallMs: Date.now() }
      const { token, isTimeUp } = await this.#turn(hold)
      if (this.#shutting !== undefined) await this.#shutting
      if (this.hasEnded) return false
      if (token !== '') {
        this.#granted(hold, token, since)
        return true
      }
      this.#isQuick = false
      const goesOn = isTimeUp && !this.#isLeaving && (this.#isShut || this.#stays || !this.#line.isAwaited)
      if (!goesOn) {
        this.drop(hold)
        const undone = this.undo(hold)
        this.#waitsNoLonger(hold)
        await undone
        return false
      }
      this.#comeAgain(hold, turn)
    }
  }

  /** For as long as a wait may block. */
  async #turn(hold: Hold): Promise<{ token: string; isTimeUp: boolean }> {
    try {
      const token = await this.asking.wait(hold, BRIEF_MS, !this.#isQuick)
      return { token: token ?? '', isTimeUp: token === undefined }
    } catch (error) {
      if (this.hasEnded) throw error
      // Or it was interrupted.
      return { token: '', isTimeUp: stateOf(error) === LOCK_NOT_AVAILABLE }
    }
  }

  #granted(hold: Hold, token: string, since: Instant): void {
    this.#waitsNoLonger(hold)
    this.#isQuick = passedMs(since) < QUICK_MS
    if (passedMs(since) <= briefMs(this.ttlMs) / 2) this.lease(hold, token, since, briefMs(this.ttlMs))
    else this.tell(hold)
  }

  /**
   * Stands in line again, at its end. Those who wait to read have gone in meanwhile: where that is why the wait was in vain, they are kept out from then on. To see that is to read the locks of the whole server:
   * done more and more seldom.
   */
  #comeAgain(hold: Hold, turn: number): void {
    const failed = (error: Error) => this.end(error)
    // It may have been granted all the same.
    this.asking.undo(hold).catch(failed)
    if (hold.mode === 'shared' || this.#isShut || !isPowerOfTwo(turn)) return
    this.#shutting = this.asking.shutIfRead(hold, BRIEF_MS).then((isShut) => {
      this.#isShut = isShut
    }, failed)
  }

  #waitsNoLonger(hold: Hold): void {
    if (this.#waiting !== hold) return
    this.#waiting = undefined
    if (this.#isShut && !this.hasEnded) this.asking.open(hold).catch((error: Error) => this.end(error))
    this.#isShut = false
    this.#shutting = undefined
    this.#makeRoom()
  }

  #makeRoom(): void {
    if (this.isFree) this.#freeSinceMs = performance.now()
    this.#line.offer()
  }
}

const isPowerOfTwo = (turn: number): boolean => Number.isInteger(Math.log2(turn))

/** By the clock that says more. */
const passedMs = ({ monotonicMs, wallMs }: Instant): number =>
  Math.max(performance.now() - monotonicMs, Date.now() - wallMs)
