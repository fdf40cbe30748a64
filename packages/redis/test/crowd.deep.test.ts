import { afterAll, beforeAll, describe, it } from 'vitest'
import { type ClusterStanding, startClusterStanding } from './cluster-standing.ts'
import { evenTurns } from './even-turns.ts'
import { type Standing, startStanding } from './standing.ts'

describe('8 processes with 8 callers each who want one key', () => {
  let standing: Standing
  beforeAll(async () => {
    standing = await startStanding()
  })
  afterAll(() => standing.stop())

  it('all get their turns, evenly, in the order of tokens, at few commands a handover', async () => {
    await evenTurns([standing.server], { key: 'crowd', processes: 8, callers: 8, turns: 1600 })
  })

  it('do so by node-redis', async () => {
    await evenTurns([standing.server], { key: 'other', processes: 8, callers: 8, turns: 1600, by: 'node-redis' })
  })
})

describe('4 processes with 4 callers each who want one key of a Cluster', () => {
  let standing: ClusterStanding
  beforeAll(async () => {
    standing = await startClusterStanding()
  })
  afterAll(() => standing.stop())

  it('get their turns as on one node', async () => {
    await evenTurns(standing.cluster.nodes, { key: 'crowd', processes: 4, callers: 4, turns: 800 })
  })

  it('do so by node-redis', async () => {
    const size = { key: 'other', processes: 4, callers: 4, turns: 800 }
    await evenTurns(standing.cluster.nodes, { ...size, by: 'node-redis' })
  })
})
