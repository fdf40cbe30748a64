import type { Asking } from './asking.ts'
import type { Hold } from './hold.ts'

const MODES = ['exclusive', 'shared'] as const

/** Whether nobody has all of the place, or waits for that, as another session sees it. */
export type Look = (place: string) => Promise<boolean>

/** One lock of the server, and those of its session who read under it, or ask to. */
class SharedLock {
  readonly readers = new Set<Hold>()
  /** Whether the server has granted it. */
  readonly granted: Promise<boolean>
  isRefused = false
  /** By the last look: somebody waits for all of the place. */
  isAwaited = false

  constructor(asked: Promise<string>) {
    this.granted = asked.then((answer) => {
      this.isRefused = answer === ''
      return !this.isRefused
    })
    // There may be nobody else who asks.
    this.granted.catch(() => {})
  }
}

/** Of those who are told no before anybody is asked. */
const NOBODYS = new SharedLock(Promise.resolve(''))
NOBODYS.isRefused = true

/**
 * The locks that one session has at the server. All who read one place share one lock: asked for it once more, the server would grant it without a look at who waits, and count, and
 * a release whose answer is missing could not be repeated without ending that of another reader.
 */
export class SessionLocks {
  readonly #asking: Asking
  readonly #look: Look
  /** Those whom readers may join, by place. */
  readonly #shared = new Map<string, SharedLock>()
  readonly #readsUnder = new WeakMap<Hold, SharedLock>()

  constructor(asking: Asking, look: Look) {
    this.#asking = asking
    this.#look = look
  }

  /** Resolves as `Asking.lock`. */
  lock(hold: Hold, timeoutMs: number): Promise<string> {
    if (hold.mode === 'exclusive') return this.#asking.lock(hold, timeoutMs)
    const lock = this.#shared.get(hold.place)
    return lock === undefined ? this.#share(hold, timeoutMs) : this.#join(lock, hold, timeoutMs)
  }

  /** Resolves with whether the hold was there. */
  unlock(hold: Hold, timeoutMs: number | undefined): Promise<boolean> {
    return this.#isLast(hold) ? this.#asking.unlock(hold, timeoutMs) : wasGranted(hold)
  }

  /** As `unlock`, in one statement for each mode. */
  unlockAll(holds: readonly Hold[]): ReadonlyMap<Hold, Promise<boolean>> {
    const answers = new Map(holds.map((hold) => [hold, wasGranted(hold)]))
    for (const mode of MODES) {
      const last = holds.filter((hold) => hold.mode === mode && this.#isLast(hold))
      if (last.length === 0) continue
      const places = last.map(({ place }) => place)
      const unlocking = this.#asking.unlockMany(mode, places)
      for (const [index, hold] of last.entries())
        answers.set(
          hold,
          unlocking.then((unlocked) => unlocked[index] === true),
        )
    }
    return answers
  }

  /** For a hold that may be there although the server said no, or did not say that it ended it. */
  async undo(hold: Hold): Promise<void> {
    if (this.#isLast(hold)) await this.#asking.undo(hold)
  }

  #share(hold: Hold, timeoutMs: number): Promise<string> {
    const asked = this.#asking.lock(hold, timeoutMs)
    const lock = new SharedLock(asked)
    this.#shared.set(hold.place, lock)
    this.#enter(lock, hold)
    return this.#ifGranted(lock, hold, () => asked)
  }

  #join(lock: SharedLock, hold: Hold, timeoutMs: number): Promise<string> {
    // Whoever asks keeps the lock meanwhile. If others came before each is told no, a writer would wait for ever, though nobody reads.
    if (lock.isAwaited && !isHeld(lock)) return this.#refuse(hold)
    this.#enter(lock, hold)
    return this.#ifGranted(lock, hold, async () => {
      const isOpen = await this.#look(hold.place)
      lock.isAwaited = !isOpen
      // Given up meanwhile: nobody may read under it any more.
      return isOpen && hold.state !== 'over' ? this.#asking.confirm(timeoutMs) : ''
    })
  }

  async #refuse(hold: Hold): Promise<string> {
    this.#readsUnder.set(hold, NOBODYS)
    return ''
  }

  async #ifGranted(lock: SharedLock, hold: Hold, ask: () => Promise<string>): Promise<string> {
    if (await lock.granted) return ask()
    this.#forget(lock, hold)
    return ''
  }

  #enter(lock: SharedLock, hold: Hold): void {
    lock.readers.add(hold)
    this.#readsUnder.set(hold, lock)
  }

  /** Whether the lock of the hold is to be given up with it, and nobody else may join it. */
  #isLast(hold: Hold): boolean {
    const lock = this.#readsUnder.get(hold)
    if (lock === undefined) return true
    lock.readers.delete(hold)
    if (lock.isRefused || lock.readers.size > 0) return false
    this.#forget(lock, hold)
    return true
  }

  #forget(lock: SharedLock, { place }: Hold): void {
    if (this.#shared.get(place) === lock) this.#shared.delete(place)
  }
}

const isHeld = ({ readers }: SharedLock): boolean => [...readers].some(({ state }) => state === 'held')

const wasGranted = async ({ fencingToken }: Hold): Promise<boolean> => fencingToken > 0n
