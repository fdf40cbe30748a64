import type { Locks, LocksOptions } from './api.ts'
import type { LockBackend } from './contract.ts'

export declare function createLocks(backend: LockBackend, options?: LocksOptions): Locks
