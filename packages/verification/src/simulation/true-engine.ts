import { createLocks, FenceGuard, isLeaseholdError } from '@leasehold/core'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'
import type { Engine } from './engine.ts'

export const trueEngine: Engine = { createLocks, FenceGuard, isLeaseholdError, MemoryStore, memoryBackend }
