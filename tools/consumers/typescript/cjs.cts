import assert = require('node:assert/strict')
import core = require('@leasehold/core')
import memory = require('@leasehold/core/memory')

async function main(): Promise<void> {
  const locks: core.Locks = core.createLocks(memory.memoryBackend())
  const outcome: core.ReleaseOutcome = await (await locks.named('seat:A1').acquire()).release()
  assert.equal(outcome, 'released')
  await locks.close()
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
