import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { createLocks, isLeaseholdError, LeaseholdError } from '@leasehold/core'
import * as conformance from '@leasehold/core/conformance'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend())
const lock = locks.named('seat:A1')
const first = await lock.acquire({ ttlMs: 5000 })
assert.equal(await lock.tryAcquire(), null)
assert.equal(await first.release(), 'released')
assert.ok((await lock.run((lease) => lease.fencingToken)) > first.fencingToken)
assert.deepEqual((await locks.close()).unreleased, [])
assert.notEqual(Object.keys(conformance).length, 0)

const otherCopy = createRequire(import.meta.url)('@leasehold/core')
assert.notEqual(otherCopy.LeaseholdError, LeaseholdError)
assert.ok(isLeaseholdError(new otherCopy.LeaseholdError('CLOSED', 'closed'), 'CLOSED'))
