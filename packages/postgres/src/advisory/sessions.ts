import type { Session } from './session.ts'

/** Held locks slow their session down: beyond this many, a second one shares the load. */
const EASY_LOAD = 1000

/** Sessions for leases of one TTL. */
const PER_TTL = 2

/** Sessions in all, as long as leases of so many different TTLs are not held at the same time. */
const AT_MOST = 8

/** The sessions of one process: few, and one TTL to each. */
export class Sessions {
  readonly #open: (ttlMs: number, gone: () => void) => Session
  readonly #all = new Set<Session>()
  #closed = false

  constructor(open: (ttlMs: number, gone: () => void) => Session) {
    this.#open = open
  }

  /** Where a lease of this TTL is to live. The session grants no less. */
  for(ttlMs: number): Session {
    if (this.#closed) throw new Error('these locks were closed')
    for (const session of this.#all) session.endIfOverdue()
    const same = this.#least((session) => session.ttlMs === ttlMs)
    if (same !== undefined && same.load < EASY_LOAD && !same.isStalled) return same
    const empty = this.#least(({ load, isStalled }) => load === 0 && !isStalled)
    if (empty !== undefined) return empty.retune(ttlMs)
    const count = this.#count((session) => session.ttlMs === ttlMs)
    if (count < PER_TTL && this.#all.size < AT_MOST) return this.#add(ttlMs)
    return same ?? this.#longer(ttlMs) ?? this.#add(ttlMs * 2)
  }

  touch(): void {
    for (const session of this.#all) session.touch()
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#all].map((session) => session.close()))
  }

  #add(ttlMs: number): Session {
    const session: Session = this.#open(ttlMs, () => this.#all.delete(session))
    this.#all.add(session)
    return session
  }

  /** There are many different TTLs: a lease is granted the next longer one. */
  #longer(ttlMs: number): Session | undefined {
    return [...this.#all].filter((session) => session.ttlMs > ttlMs).sort((one, other) => one.ttlMs - other.ttlMs)[0]
  }

  #count(fits: (session: Session) => boolean): number {
    return [...this.#all].filter(fits).length
  }

  #least(fits: (session: Session) => boolean): Session | undefined {
    let least: Session | undefined
    for (const session of this.#all) {
      if (fits(session) && (least === undefined || session.load < least.load)) least = session
    }
    return least
  }
}
