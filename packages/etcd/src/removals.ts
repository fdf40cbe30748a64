import type { EtcdConnection, Transaction, TransactionAnswer } from './connection.ts'
import { isPassing, isUnknown } from './errors.ts'
import type { Line } from './line.ts'
import type { Session } from './session.ts'
import { hangsOn, remove, when } from './transactions.ts'

type Sessions = readonly (Session | undefined)[]

/** The end of a hold, under way. */
interface Ending {
  readonly token: bigint
  readonly removed: Promise<unknown>
}

/**
 * Places that are taken away. One whose removal failed may stand where nobody here knows of it any more, and other claims would keep its etcd lease alive for ever. So a place is either removed, or owed,
 * or its session is given up.
 */
export class Removals {
  readonly #connection: Pick<EtcdConnection, 'txn'>
  readonly #line: Line
  readonly #endings = new Map<string, Ending>()
  /** What could not be removed while etcd served nobody, and where it hangs. It is removed when that session is kept alive the next time, or goes with it. */
  readonly #owed = new Map<string, Session>()

  constructor(connection: Pick<EtcdConnection, 'txn'>, line: Line) {
    this.#connection = connection
    this.#line = line
  }

  /** Forgets these places, and runs what removes them, which is told the session of each. */
  async removing<T>(places: readonly string[], remove: (sessions: Sessions) => Promise<T>): Promise<T> {
    const tokens = places.map((place) => this.#line.held(place)?.fencingToken)
    const sessions = places.map((place) => this.#take(place))
    const removed = remove(sessions)
    for (const [i, place] of places.entries()) {
      const token = tokens[i]
      if (token !== undefined) this.#endings.set(place, { token, removed })
    }
    try {
      return await removed
    } catch (error) {
      for (const [i, place] of places.entries()) this.#failed(place, sessions[i], error)
      throw error
    } finally {
      for (const [i, place] of places.entries()) {
        if (this.#endings.get(place)?.removed === removed) this.#endings.delete(place)
        this.#line.leave(sessions[i], place)
      }
    }
  }

  /** Sends what only removes. Without an answer it may take effect late, but whether it does is not known. */
  async send(transaction: Transaction, sessions: Sessions): Promise<TransactionAnswer> {
    try {
      return await this.#connection.txn(transaction)
    } catch (error) {
      if (isUnknown(error)) for (const each of sessions) each?.end('doubtful')
      throw error
    }
  }

  /** False where no hold under this token is being ended by its place. Else that comes to its end, and its place is known here no more. */
  async ended(place: string, token: bigint): Promise<boolean> {
    const ending = this.#endings.get(place)
    if (ending?.token !== token) return false
    await ending.removed.catch(() => {})
    this.#line.leave(this.#line.drop(place), place)
    return true
  }

  /** Somebody has taken its claim up again, by a handle: it is not owed any more. */
  keep(place: string): void {
    this.#owed.delete(place)
  }

  /** The session lives on, and with it what is owed. */
  pay(session: Session): void {
    for (const place of this.#owedOn(session)) {
      const own = when([hangsOn(place, session.leaseId)], [remove(place)])
      this.removing([place], (sessions) => this.send(own, sessions)).catch(() => {})
    }
  }

  /** The session runs out, and what is owed with it. */
  forgive(session: Session): void {
    for (const place of this.#owedOn(session)) this.#owed.delete(place)
  }

  #owedOn(session: Session): string[] {
    return [...this.#owed.keys()].filter((place) => this.#owed.get(place) === session)
  }

  #take(place: string): Session | undefined {
    const session = this.#line.drop(place) ?? this.#owed.get(place)
    this.#owed.delete(place)
    return session
  }

  #failed(place: string, session: Session | undefined, error: unknown): void {
    if (session?.ended !== undefined) return
    if (!isPassing(error)) session?.end('doubtful')
    else if (session !== undefined) this.#owed.set(place, session)
  }
}
