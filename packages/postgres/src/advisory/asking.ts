import type { Connection, Statement } from './connection.ts'
import type { Hold } from './hold.ts'
import { IdleTimeout } from './idle-timeout.ts'
import type { Mode, Statements } from './statements.ts'

/** What a session asks of the server, with its timeout in the same statement where it has to change. */
export class Asking {
  readonly #connection: Connection
  readonly #sql: Statements
  readonly #timeout = new IdleTimeout()

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

  /** Blocks until the place is granted. Resolves with the token. */
  wait({ place, mode }: Hold): Promise<string> {
    return this.#connection.run(this.#sql[mode].wait, place)
  }

  /** As `lock`, for a place that is taken. */
  confirm(timeoutMs: number): Promise<string> {
    return this.#set(this.#sql.confirm, timeoutMs)
  }

  /** Resolves with whether the place was taken. The timeout stays as it is where none is given. */
  async unlock({ place, mode }: Hold, timeoutMs: number | undefined): Promise<boolean> {
    const { unlock, unlockAndTime } = this.#sql[mode]
    const asIs = timeoutMs === undefined || this.#timeout.is(timeoutMs)
    const answer = await (asIs ? this.#connection.run(unlock, place) : this.#set(unlockAndTime, timeoutMs, place))
    return answer.startsWith('true')
  }

  /** As `unlock`, for each of the places in its order. */
  async unlockMany(mode: Mode, places: readonly string[]): Promise<readonly boolean[]> {
    const taken = await this.#connection.run(this.#sql[mode].unlockMany, `{${places.join()}}`)
    return places.map((_, index) => taken[index] === 't')
  }

  /** For a place that may be taken, and tells nobody. */
  async undo({ place, mode }: Hold): Promise<void> {
    await this.#connection.run(this.#sql[mode].unlockOnly, place)
  }

  async time(timeoutMs: number): Promise<void> {
    await this.#set(this.#sql.time, timeoutMs)
  }

  /** Before a wait. */
  async brief(timeoutMs: number): Promise<void> {
    await this.#set(this.#sql.brief, timeoutMs)
  }

  /** For waits from now on. */
  async turn(turnMs: number): Promise<void> {
    await this.#connection.run(this.#sql.turn, String(turnMs))
  }

  /** Whether anybody has a part of the place. */
  async isRead(place: string): Promise<boolean> {
    return (await this.#connection.run(this.#sql.isRead, place)) === 'true'
  }

  /** A sign of life. */
  async beat(timeoutMs: number): Promise<void> {
    await (this.#timeout.is(timeoutMs) ? this.#connection.run(this.#sql.beat) : this.time(timeoutMs))
  }

  /** Interrupts whoever is blocked in that session, if it is. */
  async interrupt(pid: number): Promise<void> {
    await this.#connection.run(this.#sql.interrupt, String(pid))
  }

  /** The statement sets the timeout whenever it succeeds. */
  async #set(statement: Statement, timeoutMs: number, ...place: readonly string[]): Promise<string> {
    const inForce = this.#timeout.ask(timeoutMs)
    const answer = await this.#connection.run(statement, ...place, String(timeoutMs))
    inForce()
    return answer
  }
}
