import type { Clock } from '../clock.ts'
import type { LockBackend } from '../contract.ts'
export declare class MemoryStore { constructor(options?: { clock?: Clock }) }
/** Locks within this process. Backends over one `store` contend with each other as several processes would. */
export declare function memoryBackend(options?: { store?: MemoryStore }): LockBackend
