import type { Connection } from './connection.ts'
import { IdleTimeout } from './idle-timeout.ts'
import type { Statements } from './statements.ts'

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

  /** Resolves with the token, and the timeout in force; with nothing where another session has the place. */
  lock(place: string, timeoutMs: number): Promise<string> {
    return this.#timeout.is(timeoutMs) ? this.run('lock', place) : this.#lockAndTime(place, timeoutMs)
  }

  async #lockAndTime(place: string, timeoutMs: number): Promise<string> {
    const inForce = this.#timeout.ask(timeoutMs)
    const answer = await this.run('lockAndTime', place, String(timeoutMs))
    if (answer !== '') inForce()
    return answer
  }

  /** As `lock`, for a place that is taken. */
  confirm(timeoutMs: number): Promise<string> {
    return this.#set('confirm', timeoutMs)
  }

  /** Resolves with whether the place was taken. The timeout stays as it is where none is given. */
  async unlock(place: string, timeoutMs: number | undefined): Promise<boolean> {
    const asIs = timeoutMs === undefined || this.#timeout.is(timeoutMs)
    const answer = await (asIs ? this.run('unlock', place) : this.#set('unlockAndTime', timeoutMs, place))
    return answer.startsWith('true')
  }

  /** As `unlock`, for each of the places in its order. */
  async unlockMany(places: readonly string[]): Promise<readonly boolean[]> {
    const taken = await this.run('unlockMany', `{${places.join()}}`)
    return places.map((_, index) => taken[index] === 't')
  }

  async time(timeoutMs: number): Promise<void> {
    await this.#set('time', timeoutMs)
  }

  /** Before a wait. */
  async brief(timeoutMs: number): Promise<void> {
    await this.#set('brief', timeoutMs)
  }

  /** A sign of life. */
  async beat(timeoutMs: number): Promise<void> {
    await (this.#timeout.is(timeoutMs) ? this.run('beat') : this.time(timeoutMs))
  }

  run(statement: keyof Statements, ...values: readonly string[]): Promise<string> {
    return this.#connection.run(this.#sql[statement], ...values)
  }

  /** The statement sets the timeout whenever it succeeds. */
  async #set(
    statement: 'brief' | 'time' | 'confirm' | 'unlockAndTime',
    timeoutMs: number,
    ...place: readonly string[]
  ): Promise<string> {
    const inForce = this.#timeout.ask(timeoutMs)
    const answer = await this.run(statement, ...place, String(timeoutMs))
    inForce()
    return answer
  }
}
