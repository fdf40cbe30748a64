import type { Batch, SeededViolation } from '../batch.ts'
import { bundledQuorum, type QuorumEngine } from './quorum-engine.ts'
import type { QuorumCounters } from './quorum-run.ts'
import { simulateQuorum } from './simulate-quorum.ts'

export interface QuorumReport {
  readonly seeds: number
  readonly events: QuorumCounters
  readonly violations: readonly SeededViolation[]
}

/** Runs one seed after the other. */
export async function runQuorumBatch({ from, seeds }: Batch, engine?: QuorumEngine): Promise<QuorumReport> {
  const bundled = engine ?? (await bundledQuorum())
  const events: QuorumCounters = { acquired: 0, expired: 0, nodesLost: 0, nodesStopped: 0, processesKilled: 0 }
  const violations: SeededViolation[] = []
  for (let seed = from; seed < from + seeds; seed += 1) {
    const outcome = await simulateQuorum(seed, bundled)
    for (const name of Object.keys(events) as (keyof QuorumCounters)[]) events[name] += outcome.counters[name]
    violations.push(...outcome.violations.map((violation) => ({ seed, ...violation })))
  }
  return { seeds, events, violations }
}
