import type { Claim } from '@leasehold/core'
import { ask, isTrue } from '../answers.ts'
import type { Listening } from '../listening.ts'
import type { PostgresListenClient } from '../postgres-shapes.ts'
import type { Releases } from './releases.ts'
import { isRead, presenceOf } from './statements.ts'

const IS_OPEN = 'select pg_try_advisory_xact_lock_shared($1) as answer'

const IS_READ = `select ${isRead('$1')} as answer`

/** One claim that waits, over all its calls. */
class Wait {
  readonly place: string
  /** On whose connection its presence is marked. */
  markedOn: PostgresListenClient | undefined
  /** Where it was asked for, and is not answered. */
  markingOn: PostgresListenClient | undefined
  stopWatching: () => void = () => {}
  /** For all of a place that others read. */
  isBehindReaders = false
  #isWoken = false
  #settle: ((error?: unknown) => void) | undefined

  constructor(place: string) {
    this.place = place
  }

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

export const idOf = ({ key, holder }: Claim): string => `${holder} ${key}`

/**
 * Those who wait to hear of a release. A shared lock tells the releaser that there is somebody: a mark that lives on the connection which
 * listens, and ends with it.
 */
export class Presence {
  readonly #listening: Listening
  readonly #releases: Releases
  readonly #waits = new Map<string, Wait>()

  constructor(listening: Listening, releases: Releases) {
    this.#listening = listening
    this.#releases = releases
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

  /** Whether it is readers who are in the way of this claim for all of its place. */
  isBehindReaders(claim: Claim): boolean {
    return this.#waits.size > 0 && this.#waits.get(idOf(claim))?.isBehindReaders === true
  }

  /** For the claim of this id it is worth to come again. */
  call(id: string): void {
    this.#waits.get(id)?.wake()
  }

  /** For all who wait here for the place it is worth to try again. */
  wakeAt(place: string): void {
    for (const wait of this.#waits.values()) if (wait.place === place) wait.wake()
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
    const wait = new Wait(place)
    this.#waits.set(idOf(claim), wait)
    // Watched for without a gap, also between two calls.
    const heard = () => {
      wait.stopWatching = this.#releases.watch(place, heard)
      wait.wake()
    }
    wait.stopWatching = this.#releases.watch(place, heard)
    return wait
  }

  async #mark(wait: Wait, claim: Claim, place: string): Promise<void> {
    const client = await this.#listening.opened()
    if (wait.markedOn === client) return this.#look(wait, claim, client)
    // Marks are counted: two of one claim would be taken back once. The call under way wakes this one, too.
    if (wait.markingOn === client) return
    wait.markingOn = client
    const marking = ask(client, 'select pg_try_advisory_lock_shared($1) as marked', [presenceOf(place)])
    const [row] = await marking.finally(() => {
      wait.markingOn = undefined
    })
    // Not marked: somebody is just releasing. Marked: what was released before was not announced. Either way it is to be looked at now.
    if (isTrue(row?.['marked'])) wait.markedOn = client
    if (this.#waits.get(idOf(claim)) !== wait) unmark(wait.markedOn, place)
    wait.wake()
  }

  /** Woken in vain: by readers, if nobody has all of the place. */
  async #look(wait: Wait, { share }: Claim, client: PostgresListenClient): Promise<void> {
    if (share !== undefined || wait.isBehindReaders) return
    const says = async (text: string) => isTrue((await ask(client, text, [wait.place]))[0]?.['answer'])
    // The second one reads the locks of the whole server.
    wait.isBehindReaders = (await says(IS_OPEN)) && (await says(IS_READ))
    if (wait.isBehindReaders) wait.wake()
  }
}

function unmark(client: PostgresListenClient | undefined, place: string): void {
  client?.query('select pg_advisory_unlock_shared($1)', [presenceOf(place)]).catch(() => {})
}
