// No server is there: that the driver says so shows that it has come along whole.

import assert from 'node:assert/strict'
import { createLocks, isLeaseholdError } from '@leasehold/core'

export async function assertUnreachable(backend) {
  const locks = createLocks(backend, { requestTimeoutMs: 5000 })
  await assert.rejects(locks.named('seat:A1').tryAcquire(), (error) => {
    assert.ok(isLeaseholdError(error, 'BACKEND_UNAVAILABLE'), error)
    assert.match(String(error.cause), /ECONNREFUSED/)
    return true
  })
  await locks.close()
}
