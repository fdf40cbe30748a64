import type { Clock, Instant } from '../clock.ts'
import type { LockBackend } from '../contract.ts'
import { closedError, LeaseholdError } from '../errors.ts'
import { Scheduler } from '../scheduler.ts'
import { Observer } from './observer.ts'
import type { EngineOptions } from './options.ts'
import { Outstanding } from './outstanding.ts'

/** What everybody in the engine works with. It knows nobody. */
export class Bench {
  readonly backend: LockBackend
  readonly options: EngineOptions
  readonly clock: Clock
  readonly scheduler: Scheduler
  readonly observer: Observer
  /** What `close` waits for. */
  readonly outstanding = new Outstanding()
  /** Work of `run`: what `close` waits for first. */
  readonly works = new Outstanding()
  closed = false

  /** `afterPass`: all that was due at one moment has fired. */
  constructor(backend: LockBackend, options: EngineOptions, afterPass: () => void) {
    this.backend = backend
    this.options = options
    this.clock = options.clock
    this.scheduler = new Scheduler(options.clock, afterPass)
    this.observer = new Observer(options)
  }

  /** For a request that is of no use when the TTL, or so much of it, is over. Asked for less, the backend grants its smallest. */
  timeoutMs(ttlMs: number, share = 1): number {
    const { options, backend } = this
    return Math.min(options.requestTimeoutMs, Math.max(ttlMs, backend.capabilities.minTtlMs) / share)
  }

  /** By the monotonic clock. */
  msSince(instant: Instant): number {
    return this.clock.now().monotonicMs - instant.monotonicMs
  }

  assertOpen(): void {
    if (this.closed) throw closedError()
  }

  assertHandOff(): void {
    if (!this.backend.capabilities.handOff) throw this.unsupported('hand over leases')
  }

  unsupported(what: string): LeaseholdError {
    return new LeaseholdError('UNSUPPORTED', `${this.backend.name} cannot ${what}`)
  }
}
