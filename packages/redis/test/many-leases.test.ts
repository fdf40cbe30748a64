import { setTimeout as pause } from 'node:timers/promises'
import { createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { startClusterStanding } from './cluster-standing.ts'
import { startQuorumStanding } from './quorum-standing.ts'
import { scriptsRunAt, startStanding } from './standing.ts'

const LEASES = 10_000
const TTL_MS = 10_000
/** Leases that are taken over a third of the TTL are due at all times: nothing is saved by their being due together. */
const STEPS = 20
const STEP_MS = TTL_MS / 3 / STEPS

const [single, clustered, quorum] = await Promise.all([
  startStanding(),
  startClusterStanding(),
  startQuorumStanding(3, { appendonly: 'yes' }),
])
afterAll(async () => {
  for (const standing of [single, clustered, quorum]) await standing.stop()
})

const serverMs = async (server: Server): Promise<number> => {
  const [seconds = 0, micros = 0] = (await askRedis(server, 'time')).split('\n').map(Number)
  return seconds * 1000 + micros / 1000
}

/** Renewals a second at each server, by its own clock, while ten thousand leases are held and none is lost. */
async function measure(backend: LockBackend, servers: readonly Server[]): Promise<number[]> {
  let renewed = 0
  let lost = 0
  const locks = createLocks(backend, {
    ttlMs: TTL_MS,
    requestTimeoutMs: 60_000,
    onEvent({ type }) {
      if (type === 'renewed') renewed += 1
      if (type === 'lost') lost += 1
    },
  })
  const take = (index: number) => locks.lock(`many ${index}`).acquire()
  for (let step = 0; step < STEPS; step += 1) {
    const indices = Array.from({ length: LEASES / STEPS }, (_, index) => step * (LEASES / STEPS) + index)
    await Promise.all([...indices.map(take), pause(STEP_MS)])
  }
  const look = () =>
    Promise.all(servers.map(async (each) => ({ ms: await serverMs(each), runs: await scriptsRunAt(each) })))
  const [before, renewedBefore] = [await look(), renewed]
  await until('as many were renewed as there are', () => renewed >= renewedBefore + LEASES, 60_000)
  const after = await look()
  expect(lost).toBe(0)
  // Ten thousand releases are no way to end a test: the leases end with the servers.
  return after.map(({ ms, runs }, index) => {
    const since = before[index] ?? { ms: 0, runs: 0 }
    return ((runs - since.runs) * 1000) / (ms - since.ms)
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

// Side by side: each of them mostly waits.
it.concurrent('ten thousand leases, each taken by itself, are held on one node for at most 50 commands a second', async () => {
  expect(sum(await measure(single.open(), [single.server]))).toBeLessThanOrEqual(50)
}, 90_000)

it.concurrent('ten thousand leases on a Cluster, on keys without hash tags, cost as little on all masters together', async () => {
  expect(sum(await measure(clustered.open(), clustered.cluster.nodes))).toBeLessThanOrEqual(50)
}, 90_000)

it.concurrent('ten thousand leases on a quorum of three cost as little on all of its servers together', async () => {
  expect(sum(await measure(quorum.open(), quorum.servers))).toBeLessThanOrEqual(50)
}, 90_000)
