import type { Locks, LocksOptions } from '../api.ts'
import type { LockEvent } from '../events.ts'
import type { PuppetClock } from './puppet-clock.ts'
import type { Wire, WireOptions } from './wire.ts'

/** One process with the engine in it, its clocks, and the wire between it and the server. */
export interface Process {
  readonly locks: Locks
  readonly wire: Wire
  readonly clock: PuppetClock
  readonly events: LockEvent[]
  saw(type: LockEvent['type']): boolean
}

export interface ProcessOptions extends Omit<LocksOptions, 'clock' | 'onEvent'>, WireOptions {
  /** Told of every event, after it was noted. */
  readonly observer?: ((event: LockEvent) => void) | undefined
}
