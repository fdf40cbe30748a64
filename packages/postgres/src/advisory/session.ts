import type { Claim } from '@leasehold/core'
import { LONGEST_TIMER_MS } from '../longest-timer.ts'
import type { Connection } from './connection.ts'
import { Hold } from './hold.ts'
import { presenceOf, type Statements } from './statements.ts'

/** By how much the server outlasts the TTL: this process gives up in time, and the server ends only the sessions of those that cannot. */
const GRACE_MS = 500

/** As far as `idle_session_timeout` goes: 24.8 days. */
const LONGEST_TIMEOUT_MS = 2_147_483_647

/** Silence is harmless, or cannot be measured. */
const NO_TIMEOUT = '0'

/** How long an answer may take on which no lease depends. */
const PATIENCE_MS = 5000

export interface SessionKeeper {
  /** The claim has its place no longer, or did not get it. `lost`: it had it, and did not give it up. */
  over(hold: Hold, lost: boolean): void
  /** The session has ended. */
  gone(session: Session): void
}

/**
 * A session at the server, and the claims whose locks it holds: all of one TTL, since they live and die together. The server ends it when
 * it was silent for longer than the TTL; a claim that nobody renews is given up by this process before.
 */
export class Session {
  #ttlMs: number
  readonly #connection: Connection
  readonly #sql: Statements
  readonly #keeper: SessionKeeper
  /** Those that have their places stand in the order of their deadlines. */
  readonly #holds = new Set<Hold>()
  /** The server may end the session when it is silent. */
  #isTimed = false
  #beat: Promise<number> | undefined
  #sweep: NodeJS.Timeout | undefined

  constructor(ttlMs: number, connect: (onEnd: () => void) => Connection, sql: Statements, keeper: SessionKeeper) {
    this.#ttlMs = ttlMs
    this.#sql = sql
    this.#keeper = keeper
    this.#connection = connect(() => this.#ended())
  }

  get ttlMs(): number {
    return this.#ttlMs
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
    if (this.#holds.size === 0) this.#ttlMs = ttlMs
    return this
  }

  /** Ends the session if it was silent for so long that the server may have ended it. What it held is over by the clock. */
  endIfOverdue(): void {
    const silentMs = performance.now() - this.#connection.silentSinceMs
    if (this.#isTimed && silentMs > this.#ttlMs + GRACE_MS) this.end(new Error('the session was silent for too long'))
  }

  end(why: Error): void {
    this.#connection.end(why)
  }

  async close(): Promise<void> {
    await this.#connection.close()
  }

  /** Asks for the place, once; `asked` of the result tells. */
  ask(claim: Claim, place: bigint): Hold {
    const hold = new Hold(claim, place, this)
    this.#holds.add(hold)
    this.#mindPatience()
    hold.asked = this.#ask(hold)
    return hold
  }

  /** Gives the place up, asked for or held. Resolves with whether this call did it. */
  async giveUp(hold: Hold): Promise<boolean> {
    const wasHeld = hold.state === 'held'
    this.#drop(hold)
    const timeout = this.#holds.size === 0 ? NO_TIMEOUT : ''
    try {
      const { ended } = await this.#run('unlock', hold.place, timeout, presenceOf(hold.place))
      if (timeout !== '') this.#isTimed = false
      if (wasHeld && ended !== true) this.end(new Error('Postgres says that a lock was not held'))
      return ended === true
    } catch (error) {
      if (this.#connection.ended !== undefined) throw error
      await this.#undo(hold.place)
      return wasHeld
    }
  }

  /** Resets the time of those that still have their places. Rejects if the server did not answer. */
  async renew(holds: readonly Hold[]): Promise<void> {
    this.#beat ??= this.#nextBeat()
    const sentMs = await this.#beat
    for (const hold of holds) if (hold.state === 'held') this.#holdUntil(hold, sentMs + this.#ttlMs)
  }

  /** One for all that are renewed in the same turn of the event loop: sent when the last of them has asked. */
  async #nextBeat(): Promise<number> {
    await Promise.resolve()
    this.#beat = undefined
    const sentMs = performance.now()
    await this.#run('beat')
    return sentMs
  }

  async #ask(hold: Hold): Promise<boolean> {
    const sentMs = performance.now()
    const timeoutMs = this.#ttlMs + GRACE_MS
    const timeout = timeoutMs > LONGEST_TIMEOUT_MS ? NO_TIMEOUT : String(timeoutMs)
    try {
      const { granted } = await this.#run('lock', hold.place, timeout)
      // Given up meanwhile: the unlock was sent after the lock.
      if (hold.state === 'over') return false
      if (granted === null) this.#refused(hold)
      else this.#granted(hold, String(granted), sentMs)
      return granted !== null
    } catch (error) {
      this.#drop(hold)
      // The place may have been taken before the rest failed.
      if (this.#connection.ended === undefined) await this.#undo(hold.place)
      throw error
    }
  }

  #granted(hold: Hold, answer: string, sentMs: number): void {
    this.#isTimed = true
    hold.state = 'held'
    hold.fencingToken = BigInt(answer.slice(answer.lastIndexOf(' ') + 1))
    this.#holdUntil(hold, sentMs + this.#ttlMs)
  }

  #refused(hold: Hold): void {
    this.#drop(hold)
    this.#relaxIfEmpty()
  }

  #holdUntil(hold: Hold, deadlineMs: number): void {
    hold.deadlineMs = deadlineMs
    this.#holds.delete(hold)
    this.#holds.add(hold)
    this.#sweep ??= this.#sweepAt(hold.deadlineMs)
  }

  #sweepAt(deadlineMs: number): NodeJS.Timeout {
    const delayMs = Math.max(1, Math.ceil(deadlineMs - performance.now()))
    return setTimeout(() => this.#expire(), Math.min(delayMs, LONGEST_TIMER_MS)).unref()
  }

  #expire(): void {
    this.#sweep = undefined
    for (const hold of this.#holds) {
      if (hold.state === 'asked') continue
      if (hold.remainingMs > 0) {
        this.#sweep = this.#sweepAt(hold.deadlineMs)
        return
      }
      this.giveUp(hold).catch(() => {})
    }
  }

  /** For a place that may be ours although the server said no. A session in which that fails is of no use. */
  async #undo(place: bigint): Promise<void> {
    await this.#run('unlockOnly', place).catch((error: Error) => this.end(error))
    this.#relaxIfEmpty()
  }

  #relaxIfEmpty(): void {
    if (!this.#isTimed || this.#holds.size > 0 || this.#connection.ended !== undefined) return
    this.#isTimed = false
    this.#run('relax', NO_TIMEOUT).catch((error: Error) => this.end(error))
  }

  #drop(hold: Hold): void {
    hold.state = 'over'
    this.#holds.delete(hold)
    this.#mindPatience()
    this.#keeper.over(hold, false)
  }

  #ended(): void {
    clearTimeout(this.#sweep)
    this.#keeper.gone(this)
    for (const hold of this.#holds) {
      const lost = hold.state === 'held'
      hold.state = 'over'
      this.#keeper.over(hold, lost)
    }
    this.#holds.clear()
  }

  /** As long as a lease may still be saved, its session is not given up. */
  #mindPatience(): void {
    this.#connection.patienceMs = this.#holds.size === 0 ? PATIENCE_MS : Math.max(this.#ttlMs, 1000) + GRACE_MS
  }

  #run(statement: keyof Statements, ...values: readonly (string | bigint)[]) {
    return this.#connection.run(this.#sql[statement], ...values.map(String))
  }
}
