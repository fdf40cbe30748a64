import type { Clock, Instant } from '@leasehold/core'
import { type Alive, isLater, type Terms } from './terms.ts'

/** `gone`: etcd has forgotten the lease. `silent`: for its whole life nothing was heard of it. `doubtful`: something may hang on it that must not. `closed`: by us. */
export type SessionEnd = 'gone' | 'silent' | 'doubtful' | 'closed'

const MAX_TICK_MS = 60_000

export interface SessionPorts {
  readonly clock: Clock
  readonly terms: Terms
  keepAlive(leaseId: string): Promise<Alive | undefined>
  /** It lives on, for as long as something hangs on it. */
  onAlive(session: Session): void
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
  #isSpared = false
  #aliveAt: Instant
  /** The last keepalive, while it may count for more than it does. */
  #unsettled: Alive | undefined
  #heardAt: Instant
  readonly #ports: SessionPorts
  #cancelTick: (() => void) | undefined
  #sending: Promise<boolean> | undefined
  /** The same, for many holds that come together. */
  #extending: Promise<boolean> | undefined

  constructor(leaseId: string, ttlMs: number, grantedAt: Instant, ports: SessionPorts) {
    this.leaseId = leaseId
    this.ttlMs = ttlMs
    this.#aliveAt = grantedAt
    this.#heardAt = grantedAt
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

  /** A hold may hang on it that is known here by another etcd lease: when it ends, it is left to run out. */
  get isSpared(): boolean {
    return this.#isSpared
  }

  spare(): void {
    this.#isSpared = true
  }

  /** The server keeps the lease for its TTL from then at least. */
  get aliveAt(): Instant {
    if (this.#unsettled !== undefined) this.#count(this.#unsettled)
    return this.#aliveAt
  }

  /** Since then. */
  get ageMs(): number {
    return this.#since(this.aliveAt)
  }

  /** Since the last keepalive was sent, unless that counts for nothing. */
  get staleMs(): number {
    return this.#since(this.#keptAt)
  }

  /** Since the last keepalive was sent that was answered, by whomever. */
  get silentMs(): number {
    return this.#since(this.#heardAt)
  }

  /** Sees to it that the last keepalive counts from when it was sent, or not at all. */
  async settle(): Promise<void> {
    if (this.#keptAt !== this.#aliveAt) await this.#ports.terms.agree()
  }

  get #keptAt(): Instant {
    const { aliveAt } = this
    return this.#unsettled?.sentAt ?? aliveAt
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

  /** False: the lease is gone. True: it is kept, unless another leader was elected unheard; what is known of that tells `aliveAt`. */
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

  /** Sees to it that the server keeps the lease for so long from now at least. `ms`: not more than its TTL. */
  async lastFor(ms: number): Promise<void> {
    const untilMs = this.#ports.clock.now().monotonicMs + Math.min(ms, this.ttlMs)
    while (this.#ended === undefined && this.#keptAt.monotonicMs + this.ttlMs < untilMs) {
      this.#extending ??= this.keepAlive().finally(() => {
        this.#extending = undefined
      })
      await this.#extending
    }
  }

  async #keepAlive(): Promise<boolean> {
    const alive = await this.#ports.keepAlive(this.leaseId)
    if (alive === undefined) this.end('gone')
    else this.#heard({ ...alive, sentAt: this.#fullFrom(alive) })
    if (this.#ended === undefined) this.#ports.onAlive(this)
    return alive !== undefined
  }

  /** When a keepalive for the whole TTL would have been sent, to be worth as much. `etcd grpc-proxy` may answer with what remains. */
  #fullFrom({ sentAt, seconds }: Alive): Instant {
    const lackMs = Math.max(0, this.ttlMs - seconds * 1000)
    return lackMs === 0 ? sentAt : { monotonicMs: sentAt.monotonicMs - lackMs, wallMs: sentAt.wallMs - lackMs }
  }

  #heard(alive: Alive): void {
    if (!isLater(alive.sentAt, this.#heardAt)) return
    this.#heardAt = alive.sentAt
    this.#count(alive)
  }

  #count(alive: Alive): void {
    const from = this.#ports.terms.countsFrom(alive)
    if (from !== undefined && isLater(from, this.#aliveAt)) this.#aliveAt = from
    this.#unsettled = from === undefined || from === alive.sentAt ? undefined : alive
  }

  #since({ monotonicMs }: Instant): number {
    return this.#ports.clock.now().monotonicMs - monotonicMs
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
    if (this.silentMs > this.ttlMs) this.end('silent')
    else {
      this.#tickLater()
      this.keepAlive().catch(() => this.#tickSoon())
    }
  }
}
