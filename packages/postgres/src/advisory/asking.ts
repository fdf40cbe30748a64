import { OUT_OF_MEMORY, stateOf } from '../refusals.ts'
import type { Connection, Statement } from './connection.ts'
import type { Hold } from './hold.ts'
import { IdleTimeout } from './idle-timeout.ts'
import { lastOf, type Mode, type Statements } from './statements.ts'

/** What a session asks of the server, with its timeout in the same statement where it has to change. */
export class Asking {
  readonly #connection: Connection
  readonly #sql: Statements
  readonly #timeout = new IdleTimeout()
  #waits = 0

  constructor(connection: Connection, sql: Statements) {
    this.#connection = connection
    this.#sql = sql
  }

  /** After so many milliseconds of silence the server may have ended the session; 0: it will not. */
  get timeoutMs(): number {
    return this.#timeout.askedMs
  }

  /** Resolves with the token, and the timeout in force; with nothing where another session is in the way. */
  lock({ place, mode }: Hold, timeoutMs: number): Promise<string> {
    if (this.#timeout.is(timeoutMs)) return this.#connection.run(this.#sql[mode].lock, place)
    return this.#lockAndTime(place, mode, timeoutMs)
  }

  async #lockAndTime(place: string, mode: Mode, timeoutMs: number): Promise<string> {
    const inForce = this.#timeout.ask(timeoutMs)
    const answer = await this.#connection.run(this.#sql[mode].lockAndTime, place, String(timeoutMs))
    if (answer !== '') inForce()
    return answer
  }

  /**
   * Blocks until the place is granted, and sets the timeout then. Resolves with the token; with nothing where readers are kept out. Rejects with `lock_not_available`, or where it is quiet resolves with undefined, when its
   * time is over.
   */
  async wait(hold: Hold, timeoutMs: number, isQuiet: boolean): Promise<string | undefined> {
    const inForce = this.#timeout.ask(timeoutMs)
    const { wait } = this.#sql[hold.mode]
    const asked = isQuiet
      ? this.#waitQuietly(hold, timeoutMs)
      : this.#connection.run(wait, hold.place, String(timeoutMs))
    const answer = await asked
    if (answer === 'in vain') return undefined
    if (answer !== '') inForce()
    return lastOf(answer)
  }

  /** Two statements, in one trip. */
  async #waitQuietly({ place, mode }: Hold, timeoutMs: number): Promise<string> {
    this.#waits += 1
    const waiting = this.#connection.perform(this.#sql[mode].waitQuietly(place, timeoutMs, this.#waits))
    const answer = this.#connection.run(this.#sql.waited, String(this.#waits))
    // Where it failed, what stands there is of another one.
    const [, came] = await Promise.all([waiting, answer])
    return came
  }

  /** As `lock`, for a place that is taken. */
  confirm(timeoutMs: number): Promise<string> {
    return this.#set(this.#sql.confirm, timeoutMs)
  }

  /** Resolves with whether the place was taken. The timeout stays as it is where none is given. */
  async unlock({ place, mode }: Hold, timeoutMs: number | undefined): Promise<boolean> {
    const { unlock, unlockAndTime } = this.#sql[mode]
    const asIs = timeoutMs === undefined || this.#timeout.is(timeoutMs)
    const answer = await (asIs ? this.#connection.run(unlock, place) : this.#set(unlockAndTime, timeoutMs, [place]))
    return answer.startsWith('true')
  }

  /** As `unlock`, for each of the places in its order. */
  async unlockMany(mode: Mode, places: readonly string[]): Promise<readonly boolean[]> {
    const taken = await this.#connection.run(this.#sql[mode].unlockMany, `{${places.join()}}`)
    return places.map((_, index) => taken[index] === 't')
  }

  /** For a place that may be taken. */
  async undo({ place, mode }: Hold): Promise<void> {
    try {
      await this.#connection.run(this.#sql[mode].undo, place)
    } catch (error) {
      // In the server's table of locks: for one that a session has already there is always room, so it has none.
      if (stateOf(error) !== OUT_OF_MEMORY) throw error
    }
  }

  async time(timeoutMs: number): Promise<void> {
    await this.#set(this.#sql.time, timeoutMs)
  }

  /** Before a wait, which may block for so long. */
  async brief(timeoutMs: number, turnMs: number): Promise<void> {
    await this.#set(this.#sql.brief, timeoutMs, [], [String(turnMs)])
  }

  /** If anybody has a part of the place, keeps out those who come to read, and sets the timeout. Resolves with whether it does. */
  async shutIfRead({ place }: Hold, timeoutMs: number): Promise<boolean> {
    const inForce = this.#timeout.ask(timeoutMs)
    const isShut = (await this.#connection.run(this.#sql.shutIfRead, place, String(timeoutMs))) === 'true'
    if (isShut) inForce()
    return isShut
  }

  /** Lets them in again. */
  async open({ place }: Hold): Promise<void> {
    await this.#connection.run(this.#sql.open, place)
  }

  /** A sign of life. Resolves with by how much the server's clock was set since the last answer that told it, in milliseconds: about 0 where it was not. */
  async beat(timeoutMs: number): Promise<number> {
    const sentMs = performance.now()
    const isKnown = this.#timeout.is(timeoutMs)
    const { beat, beatAndTime } = this.#sql
    const answer = await (isKnown ? this.#connection.run(beat) : this.#set(beatAndTime, timeoutMs))
    return this.#connection.clock.read(Number(lastOf(answer)), sentMs)
  }

  /** Interrupts whoever is blocked in that session, if it is. */
  async interrupt(pid: number): Promise<void> {
    await this.#connection.run(this.#sql.interrupt, String(pid))
  }

  /** The statement sets the timeout whenever it succeeds. */
  async #set(
    statement: Statement,
    timeoutMs: number,
    before: readonly string[] = [],
    after: readonly string[] = [],
  ): Promise<string> {
    const inForce = this.#timeout.ask(timeoutMs)
    const answer = await this.#connection.run(statement, ...before, String(timeoutMs), ...after)
    inForce()
    return answer
  }
}
