import { beforeAll, describe, expect, it } from 'vitest'
import { runBatch } from '../src/simulation/batch.ts'
import { bundledEngine } from '../src/simulation/bundled-engine.ts'
import type { Engine } from '../src/simulation/engine.ts'
import { unseenIn } from '../src/simulation/report.ts'
import { simulate } from '../src/simulation/simulate.ts'

let engine: Engine
beforeAll(async () => {
  Error.stackTraceLimit = 0
  engine = await bundledEngine()
})

describe('the simulation', () => {
  it('finds no rule broken by the engine and the memory backend, having seen what makes that worth something', async () => {
    const { violations, counters } = await runBatch({ from: 1, seeds: 150 }, engine)
    expect(violations).toEqual([])
    expect(unseenIn(counters)).toEqual([])
  }, 600_000)

  it('replays a seed exactly', async () => {
    for (const seed of [1, 31, 97]) {
      const first = await simulate(seed, engine, { traced: true })
      const second = await simulate(seed, engine, { traced: true })
      expect(second.trace).toEqual(first.trace)
      expect(second.counters).toEqual(first.counters)
      expect(first.trace.length).toBeGreaterThan(50)
    }
  })

  it('is not changed by being looked at', async () => {
    const looked = await simulate(5, engine, { traced: true })
    const unseen = await simulate(5, engine)
    expect(unseen.counters).toEqual(looked.counters)
    expect(unseen.events).toBe(looked.events)
    expect(unseen.trace).toEqual([])
  })

  it('makes another run of another seed', async () => {
    const one = await simulate(1, engine, { traced: true })
    const two = await simulate(2, engine, { traced: true })
    expect(one.trace).not.toEqual(two.trace)
  })
})
