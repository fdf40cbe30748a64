import type { Clock } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import { isNotNow, isUnknown } from './errors.ts'
import type { KeepAlives } from './keep-alives.ts'
import { newLeaseId } from './lease-id.ts'
import type { Namespace } from './namespace.ts'
import type { Revocations } from './revocations.ts'
import { Session, type SessionEnd } from './session.ts'
import { SessionWatch } from './session-watch.ts'
import type { Terms } from './terms.ts'

/** An acquire on a lease that was heard of within this share of its TTL needs no keepalive of its own. */
const FRESH = 1 / 10
/** Beyond this share it waits for one. */
const STALE = 1 / 2

/** Who is told of sessions. */
export interface SessionListener {
  onAlive(session: Session): void
  /** Told while the places that hung on the session are still known. */
  onEnd(session: Session, why: SessionEnd): void
}

/** Few etcd leases for many claims: one for each TTL. */
export class Sessions {
  readonly #connection: EtcdConnection
  readonly #clock: Clock
  readonly #keepAlives: KeepAlives
  readonly #terms: Terms
  readonly #minSeconds: number
  readonly #current = new Map<number, Promise<Session>>()
  readonly #all = new Set<Session>()
  readonly #listener: SessionListener
  readonly #watch: SessionWatch
  readonly #revocations: Revocations
  #closed = false

  constructor(
    connection: EtcdConnection,
    namespace: Namespace,
    clock: Clock,
    keepAlives: KeepAlives,
    terms: Terms,
    revocations: Revocations,
    minTtlMs: number,
    listener: SessionListener,
  ) {
    this.#connection = connection
    this.#clock = clock
    this.#keepAlives = keepAlives
    this.#terms = terms
    this.#minSeconds = Math.ceil(minTtlMs / 1000)
    this.#listener = listener
    this.#revocations = revocations
    this.#watch = new SessionWatch(connection, namespace, (leaseId) => this.#gone(leaseId))
  }

  /** A live session for this TTL, entered for a visit. */
  async visit(ttlMs: number, visit: symbol): Promise<Session> {
    const session = await this.#live(this.seconds(ttlMs))
    // Unused, it may have ended and be revoked since that was known: what hangs itself there now would go with it.
    if (session.ended !== undefined) return this.visit(ttlMs, visit)
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
    const unused = sessions.filter(({ isUsed, isSpared }) => !isUsed && !isSpared)
    const revoking = unused.map(({ leaseId }) => this.#connection.revoke(leaseId))
    await Promise.allSettled([...revoking, this.#revocations.close()])
    await this.#watch.close()
  }

  async #live(seconds: number): Promise<Session> {
    const session = await this.#sessionFor(seconds)
    if (session.staleMs > session.ttlMs * STALE) {
      if (!(await session.keepAlive())) return this.#live(seconds)
    } else if (session.staleMs > session.ttlMs * FRESH) session.keepAlive().catch(() => {})
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
      const session: Session = new Session(leaseId, granted * 1000, sentAt, {
        clock: this.#clock,
        terms: this.#terms,
        keepAlive: (id) => {
          this.#watch.guard(session).catch(() => {})
          return this.#keepAlives.send(id)
        },
        onAlive: (alive) => this.#listener.onAlive(alive),
        onEnd: (ended, why) => this.#ended(seconds, ended, why),
      })
      this.#all.add(session)
      this.#watch.guard(session).catch(() => {})
      return session
    } catch (error) {
      // It may have been granted all the same.
      if (isUnknown(error) || isNotNow(error)) void this.#revocations.begin(leaseId, seconds * 1000)
      throw error
    }
  }

  #ended(seconds: number, session: Session, why: SessionEnd): void {
    this.#current.delete(seconds)
    this.#watch.forget(session.leaseId)
    if (why === 'gone' || why === 'silent') this.#all.delete(session)
    else this.#revokeIfUnused(session)
    this.#listener.onEnd(session, why)
  }

  #gone(leaseId: string): void {
    for (const session of this.#all) if (session.leaseId === leaseId) session.end('gone')
  }

  /** Of TTLs that nobody asks for any more. */
  #forgetLapsed(): void {
    for (const session of this.#all) if (!session.isUsed && session.silentMs > 2 * session.ttlMs) session.end('silent')
  }

  #revokeIfUnused(session: Session): void {
    if (session.ended === undefined || session.isUsed || this.#closed) return
    if (this.#all.delete(session) && !session.isSpared) void this.#revocations.begin(session.leaseId, session.ttlMs)
  }
}
