import type { Clock, Instant } from '@leasehold/core'
import type { Alive } from './keep-alives.ts'

/** `gone`: etcd has forgotten the lease. `silent`: for its whole life nothing was heard of it. `doubtful`: something may hang on it that must not. `closed`: by us. */
export type SessionEnd = 'gone' | 'silent' | 'doubtful' | 'closed'

const MAX_TICK_MS = 60_000

export interface SessionPorts {
  readonly clock: Clock
  keepAlive(leaseId: string): Promise<Alive | undefined>
  /** Called once. The session takes no new places from then on, and is not kept alive. */
  onEnd(session: Session, why: SessionEnd): void
}

/**
 * One etcd lease, on which the places of many claims hang. It is kept alive while there are any. Without any it runs out by
 * itself, unless a claim comes in time.
 */
export class Session {
  readonly leaseId: string
  readonly ttlMs: number
  readonly #uses = new Set<string | symbol>()
  #ended: SessionEnd | undefined
  /** When the last acknowledged keepalive was sent: the server keeps the lease for its TTL from then at least. */
  #aliveAt: Instant
  readonly #ports: SessionPorts
  #cancelTick: (() => void) | undefined
  #sending: Promise<boolean> | undefined

  constructor(leaseId: string, ttlMs: number, grantedAt: Instant, ports: SessionPorts) {
    this.leaseId = leaseId
    this.ttlMs = ttlMs
    this.#aliveAt = grantedAt
    this.#ports = ports
  }

  get isUsed(): boolean {
    return this.#uses.size > 0
  }

  /** Keys in etcd that hang on this lease. */
  get places(): string[] {
    return [...this.#uses].filter((use) => typeof use === 'string')
  }

  get ended(): SessionEnd | undefined {
    return this.#ended
  }

  get aliveAt(): Instant {
    return this.#aliveAt
  }

  get ageMs(): number {
    return this.#ports.clock.now().monotonicMs - this.#aliveAt.monotonicMs
  }

  /** A place that hangs on it, or a visit: a request under way that names it. */
  enter(use: string | symbol): void {
    this.#uses.add(use)
    if (this.#cancelTick === undefined && this.#ended === undefined) this.#tickLater()
  }

  leave(use: string | symbol): void {
    this.#uses.delete(use)
    if (!this.isUsed) this.#stopTicking()
  }

  /** True: the server keeps the lease for its TTL from `aliveAt`, which is not before this call. False: the lease is gone. */
  keepAlive(): Promise<boolean> {
    if (this.#sending === undefined) {
      this.#sending = this.#keepAlive()
      // Whoever asks in the same turn of the event loop shares it.
      queueMicrotask(() => {
        this.#sending = undefined
      })
    }
    return this.#sending
  }

  async #keepAlive(): Promise<boolean> {
    const alive = await this.#ports.keepAlive(this.leaseId)
    if (alive === undefined) this.end('gone')
    else if (alive.sentAt.monotonicMs > this.#aliveAt.monotonicMs) this.#aliveAt = alive.sentAt
    return alive !== undefined
  }

  end(why: SessionEnd): void {
    if (this.#ended !== undefined) return
    this.#ended = why
    this.#stopTicking()
    this.#ports.onEnd(this, why)
  }

  #tickLater(inMs = this.ttlMs / 3): void {
    this.#cancelTick = this.#ports.clock.setTimer(Math.min(inMs, MAX_TICK_MS), () => this.#tick())
  }

  #tickSoon(): void {
    if (this.#cancelTick === undefined) return
    this.#cancelTick()
    this.#tickLater(this.ttlMs / 20)
  }

  #stopTicking(): void {
    this.#cancelTick?.()
    this.#cancelTick = undefined
  }

  #tick(): void {
    // Whatever hung on it is lost, or will be looked up by its next renewal.
    if (this.ageMs > this.ttlMs) this.end('silent')
    else {
      this.#tickLater()
      this.keepAlive().catch(() => this.#tickSoon())
    }
  }
}
