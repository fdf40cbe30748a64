import type { ConformanceTarget } from '@leasehold/core/conformance'

/** A target that is up, and how to take it down again. */
export interface RunningTarget {
  readonly target: ConformanceTarget
  stop(): Promise<void>
}
