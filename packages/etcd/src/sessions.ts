import { randomBytes } from 'node:crypto'
import type { Clock } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { KeepAlives } from './keep-alives.ts'
import type { Namespace } from './namespace.ts'
import { Session, type SessionEnd } from './session.ts'
import { SessionWatch } from './session-watch.ts'

/** An acquire on a lease that was heard of within this share of its TTL needs no keepalive of its own. */
const FRESH = 1 / 10
/** Beyond this share it waits for one. */
const STALE = 1 / 2

/** Few etcd leases for many claims: one for each TTL. */
export class Sessions {
  readonly #connection: EtcdConnection
  readonly #clock: Clock
  readonly #keepAlives: KeepAlives
  readonly #minSeconds: number
  readonly #current = new Map<number, Promise<Session>>()
  readonly #all = new Set<Session>()
  readonly #onEnd: (session: Session, why: SessionEnd) => void
  readonly #watch: SessionWatch
  #closed = false

  /** `onEnd` is told while the places that hung on the session are still known. */
  constructor(
    connection: EtcdConnection,
    namespace: Namespace,
    clock: Clock,
    keepAlives: KeepAlives,
    minTtlMs: number,
    onEnd: (session: Session, why: SessionEnd) => void,
  ) {
    this.#connection = connection
    this.#clock = clock
    this.#keepAlives = keepAlives
    this.#minSeconds = Math.ceil(minTtlMs / 1000)
    this.#onEnd = onEnd
    this.#watch = new SessionWatch(connection, namespace, (leaseId) => this.#gone(leaseId))
  }

  /** A live session for this TTL, entered for a visit. */
  async visit(ttlMs: number, visit: symbol): Promise<Session> {
    const session = await this.#live(this.seconds(ttlMs))
    session.enter(visit)
    return session
  }

  /** The visit is over, or the place does not hang on the session any more. */
  leave(session: Session, use: string | symbol): void {
    session.leave(use)
    this.#revokeIfUnused(session)
  }

  live(leaseId: string): Session | undefined {
    return [...this.#all].find((session) => session.leaseId === leaseId && session.ended === undefined)
  }

  /** It is left to run out, and never revoked. */
  spare(session: Session): void {
    this.#all.delete(session)
  }

  /** What etcd makes of a TTL. */
  seconds(ttlMs: number): number {
    return Math.max(this.#minSeconds, Math.ceil(ttlMs / 1000))
  }

  /** Revokes what nothing hangs on. A hold that was handed off has its whole TTL once more. */
  async close(): Promise<void> {
    this.#closed = true
    const sessions = [...this.#all]
    const last = (session: Session) => (session.isUsed && !session.ended ? session.keepAlive() : undefined)
    await Promise.allSettled(sessions.map(last))
    for (const session of sessions) session.end('closed')
    const unused = sessions.filter(({ isUsed }) => !isUsed)
    await Promise.allSettled(unused.map(({ leaseId }) => this.#connection.revoke(leaseId)))
    await this.#watch.close()
  }

  async #live(seconds: number): Promise<Session> {
    const session = await this.#sessionFor(seconds)
    if (session.ageMs > session.ttlMs * STALE) {
      if (!(await session.keepAlive())) return this.#live(seconds)
    } else if (session.ageMs > session.ttlMs * FRESH) session.keepAlive().catch(() => {})
    return session.ended === undefined ? session : this.#live(seconds)
  }

  #sessionFor(seconds: number): Promise<Session> {
    const current = this.#current.get(seconds)
    if (current !== undefined) return current
    const granting = this.#grant(seconds)
    this.#current.set(seconds, granting)
    granting.catch(() => this.#current.delete(seconds))
    return granting
  }

  async #grant(seconds: number): Promise<Session> {
    if (this.#closed) throw new Error('these locks were closed')
    this.#forgetLapsed()
    const leaseId = newLeaseId()
    const sentAt = this.#clock.now()
    try {
      const granted = await this.#connection.grant(leaseId, seconds)
      const session = new Session(leaseId, granted * 1000, sentAt, {
        clock: this.#clock,
        keepAlive: (id) => {
          this.#watch.listen().catch(() => {})
          return this.#keepAlives.send(id)
        },
        onEnd: (ended, why) => this.#ended(seconds, ended, why),
      })
      this.#all.add(session)
      this.#watch.guard(leaseId).catch(() => {})
      return session
    } catch (error) {
      // It may have been granted all the same.
      this.#connection.revoke(leaseId).catch(() => {})
      throw error
    }
  }

  #ended(seconds: number, session: Session, why: SessionEnd): void {
    this.#current.delete(seconds)
    if (why === 'gone' || why === 'silent') this.#all.delete(session)
    else this.#revokeIfUnused(session)
    this.#onEnd(session, why)
  }

  #gone(leaseId: string): void {
    for (const session of this.#all) if (session.leaseId === leaseId) session.end('gone')
  }

  /** Of TTLs that nobody asks for any more. */
  #forgetLapsed(): void {
    for (const session of this.#all) if (!session.isUsed && session.ageMs > 2 * session.ttlMs) session.end('silent')
  }

  #revokeIfUnused(session: Session): void {
    if (session.ended === undefined || session.isUsed || this.#closed) return
    if (this.#all.delete(session)) this.#connection.revoke(session.leaseId).catch(() => {})
  }
}

/** Chosen here, so that a grant without an answer can be taken back. Positive, below 2^63. */
export function newLeaseId(): string {
  const bits = randomBytes(8).readBigUInt64BE() >> 1n
  return String(bits === 0n ? 1n : bits)
}
