import type { Claim } from '@leasehold/core'
import type { PostgresListenClient } from '../postgres-shapes.ts'
import type { Turns } from '../turns.ts'
import { presenceOf } from './statements.ts'

/** One claim that waits, over all its calls. */
class Wait {
  /** On whose connection its presence is marked. */
  markedOn: PostgresListenClient | undefined
  stopWatching: () => void = () => {}
  #isWoken = false
  #settle: ((error?: unknown) => void) | undefined

  /** Ends the present call, or the next one. */
  wake(error?: unknown): void {
    if (this.#settle === undefined) this.#isWoken = true
    else this.#settle(error)
    this.#settle = undefined
  }

  woken(): Promise<undefined> {
    return new Promise((resolve, reject) => {
      this.#settle = (error) => (error === undefined ? resolve(undefined) : reject(error))
      if (this.#isWoken) this.wake()
      this.#isWoken = false
    })
  }
}

const idOf = ({ key, holder }: Claim): string => `${holder} ${key}`

/**
 * Those who wait to hear of a release. A shared lock tells the releaser that there is somebody: a mark that lives on the connection which
 * listens, and ends with it.
 */
export class Presence {
  readonly #turns: Turns
  readonly #waits = new Map<string, Wait>()

  constructor(turns: Turns) {
    this.#turns = turns
  }

  get isWaiting(): boolean {
    return this.#waits.size > 0
  }

  /** Resolves when it is worth to try again, or when the signal aborts. */
  async wait(claim: Claim, place: string, signal: AbortSignal): Promise<undefined> {
    if (signal.aborted) return
    const wait = this.#waits.get(idOf(claim)) ?? this.#begin(claim, place)
    const stop = () => this.leave(claim, place)
    signal.addEventListener('abort', stop, { once: true })
    this.#mark(wait, claim, place).catch((error: unknown) => wait.wake(error))
    await wait.woken().finally(() => signal.removeEventListener('abort', stop))
  }

  /** The claim waits no longer: it was granted, or is given up. */
  leave(claim: Claim, place: string): void {
    const wait = this.#waits.get(idOf(claim))
    if (wait === undefined) return
    this.#waits.delete(idOf(claim))
    wait.stopWatching()
    unmark(wait.markedOn, place)
    wait.wake()
  }

  #begin(claim: Claim, place: string): Wait {
    const wait = new Wait()
    this.#waits.set(idOf(claim), wait)
    // Watched for without a gap, also between two calls.
    const heard = () => {
      wait.stopWatching = this.#turns.watch(place, heard)
      wait.wake()
    }
    wait.stopWatching = this.#turns.watch(place, heard)
    return wait
  }

  async #mark(wait: Wait, claim: Claim, place: string): Promise<void> {
    const client = await this.#turns.listening()
    if (wait.markedOn === client) return
    const presence = presenceOf(place)
    const { rows } = await client.query('select pg_try_advisory_lock_shared($1) as marked', [presence])
    // Not marked: somebody is just releasing. Marked: what was released before was not announced. Either way it is to be looked at now.
    if (rows[0]?.['marked'] === true) wait.markedOn = client
    if (this.#waits.get(idOf(claim)) !== wait) unmark(wait.markedOn, place)
    wait.wake()
  }
}

function unmark(client: PostgresListenClient | undefined, place: string): void {
  client?.query('select pg_advisory_unlock_shared($1)', [presenceOf(place)]).catch(() => {})
}
