import type { ConformanceTarget } from '@leasehold/core/conformance'
import { memoryTarget } from './memory.ts'

/** A target that is up, and how to take it down again. */
export interface RunningTarget {
  readonly target: ConformanceTarget
  stop(): Promise<void>
}

/** Every backend that the suite can be run against from here, by name. A backend joins with one line. */
export const targets: ReadonlyMap<string, () => Promise<RunningTarget>> = new Map([
  ['memory', async () => ({ target: memoryTarget(), stop: async () => {} })],
])
