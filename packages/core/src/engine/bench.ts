import type { Clock, Instant } from '../clock.ts'
import type { LockBackend } from '../contract.ts'
import { closedError, LeaseholdError } from '../errors.ts'
import type { Scheduler } from '../scheduler.ts'
import type { EngineOptions } from './options.ts'
import type { Outstanding } from './outstanding.ts'

/** What everybody in the engine works with, and knows of the hall. */
export interface Bench {
  readonly backend: LockBackend
  readonly options: EngineOptions
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** What `close` waits for. */
  readonly outstanding: Outstanding
  /** Work of `run`: what `close` waits for first. */
  readonly works: Outstanding
  closed: boolean
}

/** For a request that is of no use when the TTL, or so much of it, is over. Asked for less, the backend grants its smallest. */
export const timeoutMs = ({ options, backend }: Bench, ttlMs: number, share = 1): number =>
  Math.min(options.requestTimeoutMs, Math.max(ttlMs, backend.capabilities.minTtlMs) / share)

/** By the monotonic clock. */
export const msSince = ({ clock }: Bench, instant: Instant): number => clock.now().monotonicMs - instant.monotonicMs

export function assertOpen({ closed }: Bench): void {
  if (closed) throw closedError()
}

export const unsupported = ({ backend }: Bench, what: string): LeaseholdError =>
  new LeaseholdError('UNSUPPORTED', `${backend.name} cannot ${what}`)

export function assertHandOff(bench: Bench): void {
  if (!bench.backend.capabilities.handOff) throw unsupported(bench, 'hand over leases')
}
