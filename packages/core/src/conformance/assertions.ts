import assert from 'node:assert/strict'
import type { Lease } from '../api.ts'
import type { Contended, Grant } from '../contract.ts'
import { type ErrorCode, isLeaseholdError } from '../errors.ts'
import { checkHistory, type HistoryEvent } from './history.ts'
import { describeFault } from './linearizability/describe-fault.ts'
import { searchHistory } from './linearizability/find-faults.ts'
import { operationsOf } from './linearizability/from-events.ts'

/** The answer is a grant, and a sound one. */
export function granted(answer: Grant | Contended | string | undefined): Grant {
  assert.ok(
    typeof answer === 'object' && answer.granted,
    `not granted: ${typeof answer === 'object' ? 'contended' : answer}`,
  )
  assert.ok(Number.isFinite(answer.ttlMs) && answer.ttlMs > 0, `a grant must last: ttlMs is ${answer.ttlMs}`)
  assert.equal(typeof answer.fencingToken, 'bigint')
  return answer
}

export function contended(answer: Grant | Contended): Contended {
  assert.ok(!answer.granted, 'granted, although somebody else holds the key')
  return answer
}

/** The lease is no longer to be trusted, and says why. */
export function assertOver(lease: Lease, code?: ErrorCode): void {
  assert.equal(lease.remainingMs, 0)
  assert.throws(
    () => lease.assertHeld(),
    (error) => isLeaseholdError(error, code),
  )
}

/** One lock server can have made it. `ticksPerMs`: of the clock that was read. */
export function assertHistory(events: readonly HistoryEvent[], ticksPerMs: number): void {
  assert.deepEqual(checkHistory(events), [])
  const { faults } = searchHistory(operationsOf(events))
  assert.deepEqual(
    faults.map((fault) => describeFault(fault, { ticksPerMs })),
    [],
  )
}
