import type { FaultKind, Refusal } from './model.ts'
import type { LockOperation, SearchOptions } from './operation.ts'
import { calledBy, prepare } from './prepare.ts'
import { type Found, search } from './search.ts'
import { sentence } from './sentences.ts'
import { smallest } from './window.ts'

/** What cannot be, of one key. */
export interface Fault {
  readonly key: string
  readonly kind: FaultKind
  /** What is wrong, in a sentence. */
  readonly text: string
  /** The operation whose answer cannot be explained. */
  readonly refused: LockOperation
  /** The operation that it cannot stand beside: where two have the key, the one that began the other's hold. */
  readonly beside: LockOperation | undefined
  /** As few operations as cannot be explained, whatever the others did: these two, and what keeps them from being explained. */
  readonly window: readonly LockOperation[]
}

export interface SearchResult {
  /** One for each key whose history no lock server can have made. */
  readonly faults: readonly Fault[]
  /** Keys whose search took more steps than it may: nothing is said of them. */
  readonly undecided: readonly string[]
}

const MOST_STEPS = 1_000_000
/** The same history is searched many times for its smallest window. What takes more is shown as it is. */
const STEPS_FOR_A_WINDOW = 100_000

/**
 * Looks, key by key, for an order in which a lock server can have given the answers that were given: each operation takes effect at one moment between its call and its return, holds expire
 * no earlier than their holders relied on them, and what had no answer takes effect at some time or never. A key without such an order has a fault.
 *
 * Operations may stand in any order. Throws a `TypeError` where an operation was answered and has no time at which it returned.
 */
export function searchHistory(operations: readonly LockOperation[], options: SearchOptions = {}): SearchResult {
  const faults: Fault[] = []
  const undecided: string[] = []
  for (const [key, ofKey] of byKey(operations)) {
    const found = searchKey(ofKey, options)
    if (found.verdict === 'undecided') undecided.push(key)
    if (found.verdict === 'unexplained') faults.push(faultOf(key, ofKey, found, options))
  }
  return { faults, undecided }
}

function byKey(operations: readonly LockOperation[]): Map<string, LockOperation[]> {
  const keys = new Map<string, LockOperation[]>()
  for (const operation of operations) {
    const ofKey = keys.get(operation.key)
    if (ofKey === undefined) keys.set(operation.key, [operation])
    else ofKey.push(operation)
  }
  return keys
}

const searchKey = (operations: readonly LockOperation[], options: SearchOptions, end?: bigint): Found =>
  search(prepare(operations, options, end), options.mostSteps ?? MOST_STEPS)

function faultOf(
  key: string,
  operations: readonly LockOperation[],
  { due, refusal }: Found & { verdict: 'unexplained' },
  options: SearchOptions,
): Fault {
  // No attempt explained more than what had returned by then, so what was called later is not to blame.
  const end = due.source.returned
  const until = end === undefined ? operations : calledBy(end, operations, options.clockError ?? 0n)
  const again = (some: readonly LockOperation[]) =>
    searchKey(some, { ...options, mostSteps: Math.min(options.mostSteps ?? MOST_STEPS, STEPS_FOR_A_WINDOW) }, end)
  const window = smallest(until, (some) => again(some).verdict === 'unexplained')
  const last = again(window)
  return { key, window, ...told(key, last.verdict === 'unexplained' ? last.refusal : refusal) }
}

function told(key: string, refusal: Refusal): Omit<Fault, 'key' | 'window'> {
  const { fault: kind, step, beside } = refusal
  return { kind, text: `${key}: ${sentence(refusal)}`, refused: step.source, beside: beside?.source }
}
