const assert = require('node:assert/strict')
const { createLocks } = require('@leasehold/core')
const conformance = require('@leasehold/core/conformance')
const { memoryBackend } = require('@leasehold/core/memory')

async function main() {
  const locks = createLocks(memoryBackend())
  const lock = locks.named('seat:A1')
  const first = await lock.acquire({ ttlMs: 5000 })
  assert.equal(await lock.tryAcquire(), null)
  assert.equal(await first.release(), 'released')
  assert.ok((await lock.run((lease) => lease.fencingToken)) > first.fencingToken)
  assert.deepEqual((await locks.close()).unreleased, [])
  assert.notEqual(Object.keys(conformance).length, 0)
}

main().catch((error) => {
  console.error(error)
  process.exitCode = 1
})
