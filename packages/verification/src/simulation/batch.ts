import { addCounters, type Counters, noEvents } from './counters.ts'
import type { Engine } from './engine.ts'
import { simulate } from './simulate.ts'
import type { Violation } from './violation.ts'

export interface SeededViolation extends Violation {
  readonly seed: number
}

export interface BatchResult {
  readonly seeds: number
  readonly counters: Counters
  readonly violations: readonly SeededViolation[]
}

export interface Batch {
  readonly from: number
  readonly seeds: number
}

/** Runs one seed after the other. */
export async function runBatch({ from, seeds }: Batch, engine: Engine): Promise<BatchResult> {
  const counters = noEvents()
  const violations: SeededViolation[] = []
  for (let seed = from; seed < from + seeds; seed += 1) {
    const outcome = await simulate(seed, engine, { searched: true })
    addCounters(counters, outcome.counters)
    violations.push(...outcome.violations.map((violation) => ({ seed, ...violation })))
  }
  return { seeds, counters, violations }
}

/** Cuts a row of seeds into pieces, so that nobody waits long for the last. */
export function inBatches({ from, seeds }: Batch, size: number): Batch[] {
  const starts = Array.from({ length: Math.ceil(seeds / size) }, (_, index) => index * size)
  return starts.map((start) => ({ from: from + start, seeds: Math.min(size, seeds - start) }))
}
