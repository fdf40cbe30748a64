import type { Claim, Instant } from '@leasehold/core'
import { Alarm } from '../alarm.ts'
import { LONGEST_TIMER_MS } from '../longest-timer.ts'
import { Asking } from './asking.ts'
import type { Connection } from './connection.ts'
import { Heartbeat } from './heartbeat.ts'
import { Hold } from './hold.ts'
import { type Look, SessionLocks } from './session-locks.ts'
import { lastOf, type Statements } from './statements.ts'

/** By how much the server outlasts the TTL: this process gives up in time, and the server ends only the sessions of those that cannot. */
const GRACE_MS = 500

/** What stands between forgets connections that are silent for long, and tells nobody. */
const STALE_MS = 10_000

/** How long an answer may take on which no lease depends. */
const PATIENCE_MS = 5000

export interface SessionKeeper {
  readonly look: Look
  /** The claim has its place no longer, or did not get it. `lost`: it had it, and did not give it up. */
  over(hold: Hold, lost: boolean): void
  /** The server's clock was set. */
  clockWasSet(): void
  /** A wait came to its end: the claim has its place, and a lease on it or is to confirm it. */
  taken(hold: Hold): void
  /** The session has ended. */
  gone(): void
}

/**
 * A session at the server, and the claims whose locks it holds: all of one TTL, since they live and die together. The server ends it when
 * it was silent for longer than the TTL; a claim that nobody renews is given up by this process before.
 */
export class Session {
  #ttlMs: number
  readonly #connection: Connection
  protected readonly asking: Asking
  readonly #locks: SessionLocks
  readonly #keeper: SessionKeeper
  /** Those that have their places stand in the order of their deadlines. */
  readonly #holds = new Set<Hold>()
  /** How many have their places, and a lease on them. */
  #held = 0
  readonly #heartbeat: Heartbeat
  /** For the first deadline. */
  readonly #sweep = new Alarm(() => this.#expire())

  constructor(ttlMs: number, connect: (onEnd: () => void) => Connection, sql: Statements, keeper: SessionKeeper) {
    this.#ttlMs = ttlMs
    this.#keeper = keeper
    this.#connection = connect(() => this.#ended())
    this.asking = new Asking(this.#connection, sql)
    this.#heartbeat = new Heartbeat(this.asking, () => keeper.clockWasSet())
    this.#locks = new SessionLocks(this.asking, keeper.look)
  }

  get ttlMs(): number {
    return this.#ttlMs
  }

  get hasEnded(): boolean {
    return this.#connection.ended !== undefined
  }

  /** How many claims have a place here, or ask for one. */
  get load(): number {
    return this.#holds.size
  }

  get isStalled(): boolean {
    return this.#connection.isStalled
  }

  /** An empty session serves any TTL. */
  retune(ttlMs: number): this {
    if (this.#holds.size > 0 || this.#ttlMs === ttlMs) return this
    this.#ttlMs = ttlMs
    this.#mindPatience()
    // It was set for the other TTL.
    if (this.asking.timeoutMs !== 0) this.#sweep.by(performance.now() + ttlMs)
    return this
  }

  /** Ends the session if it was silent for so long that the server may have ended it: what it held is over by the clock. And where it holds nothing, if what stands between may have forgotten it. */
  endIfOverdue(): void {
    const { timeoutMs } = this.asking
    const atMostMs = Math.min(
      timeoutMs || Number.POSITIVE_INFINITY,
      this.#holds.size === 0 ? STALE_MS : Number.POSITIVE_INFINITY,
    )
    const silentMs = performance.now() - this.#connection.silentSinceMs
    if (silentMs > atMostMs) this.end(new Error('the session was silent for too long'))
  }

  end(why: Error): void {
    this.#connection.end(why)
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  /** Asks for the place, once; `asked` of the result tells. */
  ask(claim: Claim, place: string): Hold {
    const hold = this.admit(claim, place)
    hold.asked = this.#take(hold, (timeoutMs) => this.#locks.lock(hold, timeoutMs))
    return hold
  }

  /** Makes a lease of a place that a wait has brought. Resolves with whether the claim had it still: the session may have ended meanwhile. */
  confirm(hold: Hold): Promise<boolean> {
    hold.state = 'asked'
    hold.asked = this.#take(hold, (timeoutMs) => this.asking.confirm(timeoutMs)).catch((error: unknown) => {
      if (this.hasEnded) return false
      throw error
    })
    return hold.asked
  }

  /**
   * Gives the place up, asked for or held. Resolves with whether this call did it. Until the server has answered, the keeper keeps the place for
   * nobody else. The session is left with this timeout, if one is given.
   */
  giveUp(hold: Hold, timeoutMs?: number): Promise<boolean> {
    const wasHeld = this.#remove(hold)
    hold.leaving = this.#left(hold, wasHeld, this.#locks.unlock(hold, timeoutMs))
    return hold.leaving
  }

  /** Gives up what is held, in one statement; `leaving` of each tells. */
  giveUpAll(holds: readonly Hold[]): void {
    for (const hold of holds) this.#remove(hold)
    for (const [hold, unlocked] of this.#locks.unlockAll(holds)) hold.leaving = this.#left(hold, true, unlocked)
  }

  async #left(hold: Hold, wasHeld: boolean, unlocked: Promise<boolean>): Promise<boolean> {
    try {
      const ended = await unlocked
      if (wasHeld && !ended) this.end(new Error('Postgres says that a lock was not held'))
      return ended
    } catch (error) {
      if (this.hasEnded) throw error
      await this.undo(hold)
      return wasHeld
    } finally {
      this.#keeper.over(hold, false)
    }
  }

  /** Resets the time of those that still have their places. Rejects if the server did not answer, and once after its clock was set. */
  async renew(holds: readonly Hold[]): Promise<void> {
    // A lease that a wait has brought is short until now.
    const sentMs = await this.#heartbeat.renew(() => this.#fullMs)
    for (const hold of holds) if (hold.state === 'held') this.#holdUntil(hold, sentMs + this.#ttlMs)
  }

  /** The server's clock was set: it is to measure anew how long the session is silent. */
  touch(): void {
    if (this.#held > 0 && !this.hasEnded) this.#heartbeat.beat(this.asking.timeoutMs).catch(() => {})
  }

  protected admit(claim: Claim, place: string): Hold {
    const hold = new Hold(claim, place, this)
    this.#holds.add(hold)
    return hold
  }

  /** The timeout for leases of the TTL. None where it cannot be measured. */
  get #fullMs(): number {
    const timeoutMs = this.#ttlMs + GRACE_MS
    // It goes as far as Node's timers do: 24.8 days.
    return timeoutMs > LONGEST_TIMER_MS ? 0 : timeoutMs
  }

  async #take(hold: Hold, ask: (timeoutMs: number) => Promise<string>): Promise<boolean> {
    const sentMs = performance.now()
    try {
      const answer = await ask(this.#fullMs)
      // Given up meanwhile: the unlock was sent after the lock.
      if (hold.state === 'over') this.#relaxIfEmpty()
      else if (answer === '') await this.#refused(hold)
      else this.#granted(hold, answer, sentMs, this.#ttlMs)
      return hold.state === 'held'
    } catch (error) {
      // Given up meanwhile: its unlock undoes what was done. Two of them would undo what another claim did between.
      if (hold.state === 'over') throw error
      this.drop(hold)
      // The place may have been taken before the rest failed.
      if (!this.hasEnded) await this.undo(hold)
      throw error
    }
  }

  #granted(hold: Hold, answer: string, sentMs: number, ttlMs: number): void {
    this.#held += 1
    this.#mindPatience()
    hold.state = 'held'
    hold.fencingToken = BigInt(lastOf(answer))
    hold.lastToken = hold.fencingToken + this.#connection.tokenStep - 1n
    this.#holdUntil(hold, sentMs + ttlMs)
  }

  async #refused(hold: Hold): Promise<void> {
    // A reader may be the last of those to whose lock it came.
    if (hold.mode === 'shared') await this.giveUp(hold)
    else this.drop(hold)
    this.#relaxIfEmpty()
  }

  #holdUntil(hold: Hold, deadlineMs: number): void {
    hold.deadlineMs = deadlineMs
    this.#holds.delete(hold)
    this.#holds.add(hold)
    this.#sweep.by(deadlineMs)
  }

  #expire(): void {
    for (const hold of this.#holds) {
      if (hold.state !== 'held') continue
      if (hold.remainingMs > 0) {
        this.#sweep.by(hold.deadlineMs)
        return
      }
      this.giveUp(hold).catch(() => {})
    }
    this.#relaxIfEmpty()
  }

  /** For a place that may be ours although the server said no. A session in which that fails is of no use. */
  protected async undo(hold: Hold): Promise<void> {
    await this.#locks.undo(hold).catch((error: Error) => this.end(error))
    this.#relaxIfEmpty()
  }

  #relaxIfEmpty(): void {
    if (this.asking.timeoutMs === 0 || this.#holds.size > 0 || this.hasEnded) return
    this.asking.time(0).catch((error: Error) => this.end(error))
  }

  protected drop(hold: Hold): void {
    this.#remove(hold)
    this.#keeper.over(hold, false)
  }

  /** Whether it was held. */
  #remove(hold: Hold): boolean {
    const wasHeld = hold.state === 'held'
    if (wasHeld) this.#held -= 1
    hold.state = 'over'
    this.#holds.delete(hold)
    this.#mindPatience()
    return wasHeld
  }

  #ended(): void {
    this.#sweep.stop()
    this.#keeper.gone()
    const held = [...this.#holds].map((hold) => ({ hold, lost: hold.state === 'held' }))
    this.#holds.clear()
    // Whoever is told may ask for another of these places at once.
    for (const { hold } of held) hold.state = 'over'
    for (const { hold, lost } of held) this.#keeper.over(hold, lost)
  }

  /** As long as a lease may still be saved, its session is not given up. */
  #mindPatience(): void {
    const ttlMs = Math.max(this.#ttlMs, 1000) + GRACE_MS
    this.#connection.patienceMs = this.#held === 0 ? Math.min(PATIENCE_MS, ttlMs) : ttlMs
  }

  /** From now on, the server may take this long. */
  protected allow(patienceMs: number): void {
    this.#connection.allow(patienceMs)
  }

  /** A wait has brought a lease by itself, of this TTL since it was asked for. */
  protected lease(hold: Hold, token: string, since: Instant, ttlMs: number): void {
    hold.since = since
    this.#granted(hold, token, since.monotonicMs, ttlMs)
    this.#keeper.taken(hold)
  }

  /** Tells the keeper of what a wait has brought. */
  protected tell(taken: Hold): void {
    taken.state = 'taken'
    this.#mindPatience()
    this.#keeper.taken(taken)
  }

  get pid(): number | undefined {
    return this.#connection.pid
  }

  /** Interrupts whoever is blocked in that session, if it is. */
  interrupt(pid: number): Promise<void> {
    return this.asking.interrupt(pid)
  }
}
