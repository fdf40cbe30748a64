// The published suite, without a test runner, on the memory backend. Runs wherever ES modules do: `npx pnpm suite:on`.

import { runConformance, virtualTime } from '@leasehold/core/conformance'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'

const time = virtualTime()
const store = new MemoryStore({ clock: time.clock })
const target = {
  name: 'memory',
  time,
  open: () => memoryBackend({ store }),
  faults: { restartEmpty: async () => store.forgetAll() },
}

const { passed, failed, skipped } = await runConformance(target)
for (const { id, error } of failed) console.error(id, error)
console.log(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`)
if (failed.length > 0 || passed.length < 100) process.exit(1)
