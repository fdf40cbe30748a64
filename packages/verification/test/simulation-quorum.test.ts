import { beforeAll, describe, expect, it } from 'vitest'
import { runQuorumBatch } from '../src/simulation/quorum/quorum-batch.ts'
import { bundledQuorum, type QuorumEngine } from '../src/simulation/quorum/quorum-engine.ts'
import { simulateQuorum } from '../src/simulation/quorum/simulate-quorum.ts'

let engine: QuorumEngine
beforeAll(async () => {
  Error.stackTraceLimit = 0
  engine = await bundledQuorum()
})

describe('the simulation of a quorum', () => {
  it('finds no rule broken, having seen what makes that worth something', async () => {
    const { violations, events } = await runQuorumBatch({ from: 1, seeds: 120 }, engine)
    expect(violations).toEqual([])
    for (const [name, count] of Object.entries(events)) expect([name, count > 0]).toEqual([name, true])
  }, 600_000)

  it('replays a seed exactly', async () => {
    for (const seed of [1, 4, 39])
      expect(await simulateQuorum(seed, engine)).toEqual(await simulateQuorum(seed, engine))
  }, 600_000)
})
