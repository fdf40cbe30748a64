import type { Capabilities, LockBackend, Share } from '../contract.ts'
import type { ConformanceTarget, FaultHooks } from './target.ts'

type OptionalOperation =
  | 'waitForTurn'
  | 'tryAcquireAll'
  | 'releaseAll'
  | 'inspect'
  | 'list'
  | 'annotate'
  | 'forceRelease'
  | 'watch'

/** What a case needs beside the three operations: an optional operation, a capability, or a way to do harm. */
export type Need =
  | OptionalOperation
  | 'fifo'
  | 'handOff'
  | 'survivesRestart'
  | 'tellsLosses'
  | 'selfPolling'
  | Share['kind']
  | keyof FaultHooks

const operations: ReadonlySet<string> = new Set<OptionalOperation>([
  'waitForTurn',
  'tryAcquireAll',
  'releaseAll',
  'inspect',
  'list',
  'annotate',
  'forceRelease',
  'watch',
])
const capabilities: ReadonlySet<string> = new Set<Need>([
  'fifo',
  'handOff',
  'survivesRestart',
  'tellsLosses',
  'selfPolling',
  'shared',
  'permits',
])

const disturbing: ReadonlySet<Need> = new Set<Need>(['restartKeepingData', 'restartEmpty', 'killSession'])

/** Whether meeting this need harms others who use the same server. */
export const disturbs = (need: Need): boolean => disturbing.has(need)

const isClaimed = (need: Need, { shares = [], ...claimed }: Capabilities): boolean =>
  shares.includes(need as Share['kind']) || !!claimed[need as 'fifo']

/** Why this need is not met, in words for a report; undefined if it is met. */
export function unmet(need: Need, target: ConformanceTarget, backend: LockBackend): string | undefined {
  if (operations.has(need)) return backend[need as OptionalOperation] ? undefined : `the backend has no ${need}`
  if (capabilities.has(need)) {
    return isClaimed(need, backend.capabilities) ? undefined : `the backend does not claim the capability ${need}`
  }
  return target.faults?.[need as keyof FaultHooks] ? undefined : `the target offers no fault hook ${need}`
}
