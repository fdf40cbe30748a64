import type * as core from '@leasehold/core'
import type * as memory from '@leasehold/core/memory'

/** What a simulation runs: the engine with the memory backend, or a mutant of them. */
export interface Engine {
  readonly createLocks: typeof core.createLocks
  readonly allOf: typeof core.allOf
  readonly resume: typeof core.resume
  readonly shared: typeof core.shared
  readonly semaphore: typeof core.semaphore
  readonly FenceGuard: typeof core.FenceGuard
  readonly isLeaseholdError: typeof core.isLeaseholdError
  readonly MemoryStore: typeof memory.MemoryStore
  readonly memoryBackend: typeof memory.memoryBackend
}
