import type { ConformanceTarget } from '@leasehold/core/conformance'
import { virtualTime } from '@leasehold/core/conformance'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'

/** The memory backend over one store, as several processes would share one server, in virtual time. */
export function memoryTarget(): ConformanceTarget {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  return {
    name: 'memory',
    time,
    open: () => memoryBackend({ store }),
    faults: { restartEmpty: async () => store.forgetAll() },
  }
}
