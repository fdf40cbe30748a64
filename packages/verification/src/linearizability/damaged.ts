import type { LockOperation } from '@leasehold/core/conformance'
import type { Prng } from '../simulation/prng.ts'

/** The history with one answer, or one time, that is another. It may be explained still. */
export function damaged(history: readonly LockOperation[], prng: Prng): LockOperation[] {
  if (history.length === 0) return []
  const place = prng.integer(0, history.length - 1)
  return history.map((operation, index) => (index === place ? changed(operation, prng) : operation))
}

function changed(operation: LockOperation, prng: Prng): LockOperation {
  const { returned } = operation
  if (operation.type === 'clear' || returned === undefined) return operation
  if (operation.type === 'release')
    return { ...operation, answer: operation.answer === 'released' ? 'not-held' : 'released' }
  if (typeof operation.answer !== 'object')
    return { ...operation, answer: { fencingToken: BigInt(prng.integer(1, 9)) } } as LockOperation
  const { fencingToken } = operation.answer
  const change = prng.pick(['token', 'refused', 'longer'] as const)
  if (change === 'longer') return { ...operation, validUntil: returned + BigInt(prng.integer(50, 300)) }
  if (change === 'token') {
    const answer = { ...operation.answer, fencingToken: fencingToken + BigInt(prng.pick([-2, -1, 1, 2])) }
    return { ...operation, answer } as LockOperation
  }
  return operation.type === 'acquire' ? { ...operation, answer: 'contended' } : { ...operation, answer: 'gone' }
}
