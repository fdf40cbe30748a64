import type { Batch, SeededViolation } from '../batch.ts'
import { bundledQuorum, type QuorumEngine } from './quorum-engine.ts'
import { noCounts, type QuorumCounters } from './quorum-run.ts'
import { simulateQuorum } from './simulate-quorum.ts'

export interface QuorumReport {
  readonly seeds: number
  readonly events: QuorumCounters
  readonly violations: readonly SeededViolation[]
}

/** Runs one seed after the other. */
export async function runQuorumBatch({ from, seeds }: Batch, engine?: QuorumEngine): Promise<QuorumReport> {
  const bundled = engine ?? (await bundledQuorum())
  const events = noCounts()
  const violations: SeededViolation[] = []
  for (let seed = from; seed < from + seeds; seed += 1) {
    const outcome = await simulateQuorum(seed, bundled)
    for (const name of Object.keys(events) as (keyof QuorumCounters)[]) events[name] += outcome.counters[name]
    violations.push(...outcome.violations.map((violation) => ({ seed, ...violation })))
  }
  return { seeds, events, violations }
}
