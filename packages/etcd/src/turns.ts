import type { EtcdConnection, Stream } from './connection.ts'
import { type KeyRange, lineOf } from './namespace.ts'

/** `turn`: nobody stands in the way any more, or for permits, fewer do. `look`: that may be so, or the place is lost. */
export type Wake = 'turn' | 'look'

/** A place that was taken earlier. */
export interface Predecessor {
  readonly place: string
  /** It stood in the way at this revision. Whoever lost it before that and came back stands here still. */
  readonly since: bigint
}

/** One claim that waits. Deletions are noted from the beginning: those ahead may leave before it is known who they are. */
export class Waiting {
  readonly place: string
  readonly woken: Promise<Wake>
  /** At which revision a place was deleted last. */
  readonly #left = new Map<string, bigint>()
  #ahead: Map<string, bigint> | undefined
  /** With so many ahead it is worth a look. */
  #enough = 0
  #wake!: (wake: Wake) => void

  constructor(place: string) {
    this.place = place
    this.woken = new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  /** `enough`: whose turn it may be when one of them has left need not wait for all. */
  standsBehind(ahead: readonly Predecessor[], enough: 'all' | 'one' = 'all'): void {
    const stillThere = ahead.filter(({ place, since }) => (this.#left.get(place) ?? 0n) <= since)
    this.#ahead = new Map(stillThere.map(({ place, since }) => [place, since]))
    this.#enough = enough === 'all' ? 0 : ahead.length - 1
    this.#wakeIfEnough()
  }

  deleted(place: string, revision: bigint): void {
    if (place === this.place) this.look()
    else this.passed(place, revision)
  }

  /** It is not in the way any more, or may not be. */
  passed(place: string, revision: bigint): void {
    if (this.#ahead === undefined) this.#left.set(place, revision)
    else if (revision > (this.#ahead.get(place) ?? revision) && this.#ahead.delete(place)) this.#wakeIfEnough()
  }

  look(): void {
    this.#wake('look')
  }

  /** Its own place has changed. */
  mayBeGranted(): void {
    this.#wake('turn')
  }

  #wakeIfEnough(): void {
    if (this.#ahead !== undefined && this.#ahead.size <= this.#enough) this.#wake('turn')
  }
}

/** One watch for all who wait in this process: deletions in the namespace. Opened at the first wait, and anew after it ended. */
export class Turns {
  readonly #connection: EtcdConnection
  readonly #range: KeyRange
  readonly #onDeleted: (place: string, revision: bigint) => void
  readonly #lines = new Map<string, Set<Waiting>>()
  #watch: Promise<Stream> | undefined
  #isListening = false
  #closed = false

  /** `onDeleted` is told of all deletions that are heard. */
  constructor(connection: EtcdConnection, range: KeyRange, onDeleted: (place: string, revision: bigint) => void) {
    this.#connection = connection
    this.#range = range
    this.#onDeleted = onDeleted
  }

  /** Deletions are heard now. */
  get isListening(): boolean {
    return this.#isListening
  }

  /** Resolves when deletions from now on are heard. Stand in line after that, or one may be missed. */
  async listen(): Promise<void> {
    if (this.#closed) throw new Error('these locks were closed')
    this.#watch ??= this.#open()
    await this.#watch
  }

  enter(place: string): Waiting {
    const waiting = new Waiting(place)
    const line = this.#lines.get(lineOf(place)) ?? new Set()
    this.#lines.set(lineOf(place), line.add(waiting))
    return waiting
  }

  leave(waiting: Waiting): void {
    const line = this.#lines.get(lineOf(waiting.place))
    line?.delete(waiting)
    if (line?.size === 0) this.#lines.delete(lineOf(waiting.place))
  }

  /** The place of whoever waits there may be lost. */
  look(place: string): void {
    for (const waiting of this.#lines.get(lineOf(place)) ?? []) if (waiting.place === place) waiting.look()
  }

  async close(): Promise<void> {
    this.#closed = true
    const watch = await this.#watch?.catch(() => undefined)
    watch?.cancel()
    this.#ended()
  }

  #open(): Promise<Stream> {
    const { key, range_end } = this.#range
    const opening: Promise<Stream> = this.#connection.watch(
      key,
      range_end,
      'deletions',
      (place, revision) => this.#deleted(place, revision),
      () => {
        if (this.#watch === opening) this.#ended()
      },
    )
    opening.then(
      () => {
        this.#isListening = this.#watch === opening
      },
      () => this.#ended(),
    )
    return opening
  }

  #deleted(place: string, revision: bigint): void {
    for (const waiting of this.#lines.get(lineOf(place)) ?? []) waiting.deleted(place, revision)
    this.#onDeleted(place, revision)
  }

  /** What was deleted meanwhile was not heard, whether the watch broke or its revision was compacted: everybody reads the line again. */
  #ended(): void {
    this.#watch = undefined
    this.#isListening = false
    for (const line of this.#lines.values()) for (const waiting of line) waiting.look()
  }
}
