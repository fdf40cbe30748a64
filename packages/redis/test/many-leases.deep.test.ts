import { afterAll, expect, it } from 'vitest'
import { startClusterStanding } from './cluster-standing.ts'
import { renewalsPerSecond } from './many-leases.ts'
import { startQuorumStanding } from './quorum-standing.ts'
import { startStanding } from './standing.ts'

const LEASES = 10_000

const [single, clustered, quorum] = await Promise.all([
  startStanding(),
  startClusterStanding(),
  startQuorumStanding(3, { appendonly: 'yes' }),
])
afterAll(async () => {
  for (const standing of [single, clustered, quorum]) await standing.stop()
})

// Side by side: each of them mostly waits.
it.concurrent('ten thousand leases, each taken by itself, are held on one node for at most 50 commands a second', async () => {
  expect(await renewalsPerSecond(LEASES, single.open(), [single.server])).toBeLessThanOrEqual(50)
})

it.concurrent('ten thousand leases on a Cluster, on keys without hash tags, cost little on all masters together', async () => {
  // Twelve partitions of slots, and each is renewed five times a second at most.
  expect(await renewalsPerSecond(LEASES, clustered.open(), clustered.cluster.nodes)).toBeLessThanOrEqual(12 * 5)
})

it.concurrent('ten thousand leases on a quorum of three cost as little on all of its servers together', async () => {
  expect(await renewalsPerSecond(LEASES, quorum.open(), quorum.servers)).toBeLessThanOrEqual(50)
})
