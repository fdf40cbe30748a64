import { setTimeout as pause } from 'node:timers/promises'
import { createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { expect } from 'vitest'
import { scriptsRunAt } from './standing.ts'

const TTL_MS = 10_000
/** Leases that are taken over a third of the TTL are due at all times: nothing is saved by their being due together. */
const STEPS = 20
const STEP_MS = TTL_MS / 3 / STEPS

const serverMs = async (server: Server): Promise<number> => {
  const [seconds = 0, micros = 0] = (await askRedis(server, 'time')).split('\n').map(Number)
  return seconds * 1000 + micros / 1000
}

/** Renewals a second at all servers together, by their own clocks, while so many leases, each taken by itself, are held and none is lost. */
export async function renewalsPerSecond(
  count: number,
  backend: LockBackend,
  servers: readonly Server[],
): Promise<number> {
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
  const take = (index: number) => locks.named(`many ${index}`).acquire()
  for (let step = 0; step < STEPS; step += 1) {
    const indices = Array.from({ length: count / STEPS }, (_, index) => step * (count / STEPS) + index)
    await Promise.all([...indices.map(take), pause(STEP_MS)])
  }
  const look = () =>
    Promise.all(servers.map(async (each) => ({ ms: await serverMs(each), runs: await scriptsRunAt(each) })))
  const [before, renewedBefore] = [await look(), renewed]
  await until('as many were renewed as there are', () => renewed >= renewedBefore + count)
  const after = await look()
  expect(lost).toBe(0)
  // Thousands of releases are no way to end a test: the leases end with the servers.
  const rates = after.map(({ ms, runs }, index) => {
    const since = before[index] ?? { ms: 0, runs: 0 }
    return ((runs - since.runs) * 1000) / (ms - since.ms)
  })
  return rates.reduce((total, each) => total + each, 0)
}
