import type { Clock } from '@leasehold/core'
import type { EtcdConnection, Stream } from './connection.ts'
import type { KeyRange } from './namespace.ts'

/** Between two attempts to open a watch that broke. */
const AGAIN_MS = 200

/** Somebody who is told of all changes in a line. */
interface Listener {
  changed(place: string, revision: bigint): void
  /** There is nothing to hear any more, or there never was. */
  ended(): void
}

interface Watched {
  readonly opening: Promise<Stream>
  readonly listeners: Set<Listener>
}

/** What is heard of a line. */
export interface Hearing {
  /** Changes are heard from then on. Rejects where the watch cannot be opened. */
  readonly opened: Promise<unknown>
  /** It has not ended. */
  readonly lasts: () => boolean
  leave(): void
}

/** Watches of single lines, for all who listen in this process: who waits for permits hears when others get theirs, beside deletions. */
export class LineWatches {
  readonly #connection: EtcdConnection
  readonly #clock: Clock
  readonly #watched = new Map<string, Watched>()
  #closed = false

  constructor(connection: EtcdConnection, clock: Clock) {
    this.#connection = connection
    this.#clock = clock
  }

  listen(line: KeyRange, listener: Listener): Hearing {
    const name = line.key.toString()
    const watched = this.#watched.get(name) ?? this.#open(line, name)
    watched.listeners.add(listener)
    const lasts = () => this.#watched.get(name) === watched && watched.listeners.has(listener)
    const leave = () => {
      if (watched.listeners.delete(listener) && watched.listeners.size === 0) this.#end(name, watched)
    }
    return { opened: watched.opening, lasts, leave }
  }

  /** Tells of every change until `signal` aborts; at the beginning, and whenever something may have been missed. */
  watch(line: KeyRange, signal: AbortSignal, changed: () => void): void {
    let stop = () => {}
    const begin = () => {
      const hearing = this.listen(line, { changed, ended: again })
      stop = () => hearing.leave()
      hearing.opened.then(() => hearing.lasts() && changed()).catch(() => {})
    }
    const again = () => {
      if (!this.#closed && !signal.aborted) stop = this.#clock.setTimer(AGAIN_MS, begin)
    }
    if (signal.aborted || this.#closed) return
    begin()
    signal.addEventListener('abort', () => stop(), { once: true })
  }

  close(): void {
    this.#closed = true
    for (const [name, watched] of [...this.#watched]) this.#end(name, watched)
  }

  #open({ key, range_end }: KeyRange, name: string): Watched {
    const listeners = new Set<Listener>()
    const changed = (place: string, revision: bigint) => {
      for (const each of listeners) each.changed(place, revision)
    }
    const ended = () => this.#end(name, watched)
    const opening: Promise<Stream> = this.#connection.watch(key, range_end, 'all', changed, ended)
    const watched = { opening, listeners }
    this.#watched.set(name, watched)
    opening.catch(ended)
    return watched
  }

  #end(name: string, watched: Watched): void {
    if (this.#watched.get(name) !== watched) return
    this.#watched.delete(name)
    watched.opening.then((stream) => stream.cancel()).catch(() => {})
    const listeners = [...watched.listeners]
    watched.listeners.clear()
    for (const each of listeners) each.ended()
  }
}
