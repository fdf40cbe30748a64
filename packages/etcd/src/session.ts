import type { Clock, Instant } from '@leasehold/core'
import type { Alive } from './keep-alives.ts'

export type SessionEnd = 'gone' | 'idle' | 'doubtful'

/** How many ticks an unused session is kept for the next acquire. */
const IDLE_TICKS = 2
const MAX_TICK_MS = 60_000

export interface SessionPorts {
  readonly clock: Clock
  keepAlive(leaseId: string): Promise<Alive | undefined>
  /** Called once. The session takes no new places from then on, and is not kept alive. */
  onEnd(session: Session, why: SessionEnd): void
}

/** One etcd lease, on which the places of many claims hang. It is kept alive while there are any. */
export class Session {
  readonly leaseId: string
  readonly ttlMs: number
  /** Keys in etcd that hang on this lease, or may. */
  readonly places = new Set<string>()
  #ended: SessionEnd | undefined
  /** When the last acknowledged keepalive was sent: the server keeps the lease for its TTL from then at least. */
  #aliveAt: Instant
  readonly #ports: SessionPorts
  #idleTicks = 0
  #cancelTick: () => void = () => {}

  constructor(leaseId: string, ttlMs: number, grantedAt: Instant, ports: SessionPorts) {
    this.leaseId = leaseId
    this.ttlMs = ttlMs
    this.#aliveAt = grantedAt
    this.#ports = ports
    this.#tickLater()
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

  /** True: the server keeps the lease for its TTL from `aliveAt`, which is later than this call. False: the lease is gone. */
  async keepAlive(): Promise<boolean> {
    const alive = await this.#ports.keepAlive(this.leaseId)
    if (alive === undefined) this.end('gone')
    else if (alive.sentAt.monotonicMs > this.#aliveAt.monotonicMs) this.#aliveAt = alive.sentAt
    return alive !== undefined
  }

  end(why: SessionEnd): void {
    if (this.#ended !== undefined) return
    this.#ended = why
    this.#cancelTick()
    this.#ports.onEnd(this, why)
  }

  #tickLater(): void {
    this.#cancelTick = this.#ports.clock.setTimer(Math.min(this.ttlMs / 3, MAX_TICK_MS), () => this.#tick())
  }

  #tick(): void {
    this.#idleTicks = this.places.size > 0 ? 0 : this.#idleTicks + 1
    if (this.#idleTicks > IDLE_TICKS) this.end('idle')
    // Nobody has heard of it for its whole life: whatever hung on it is lost.
    else if (this.ageMs > this.ttlMs) this.end('gone')
    else {
      this.#tickLater()
      this.keepAlive().catch(() => {})
    }
  }
}
