import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { scriptsRun, startStanding } from './standing.ts'

const LEASES = 10_000
const TTL_MS = 10_000

const standing = await startStanding()
const { ask, open } = standing
afterAll(standing.stop)

const serverMs = async (): Promise<number> => {
  const [seconds = 0, micros = 0] = (await ask('time')).split('\n').map(Number)
  return seconds * 1000 + micros / 1000
}

it('ten thousand leases, each acquired by itself, are held for at most 50 commands a second', async () => {
  let renewed = 0
  let lost = 0
  const locks = createLocks(open(), {
    ttlMs: TTL_MS,
    onEvent({ type }) {
      if (type === 'renewed') renewed += 1
      if (type === 'lost') lost += 1
    },
  })
  for (let begun = 0; begun < LEASES; begun += 500) {
    const some = Array.from({ length: 500 }, (_, index) => locks.lock(`many ${begun + index}`).acquire())
    await Promise.all(some)
  }
  const [since, before, renewedBefore] = [await serverMs(), await scriptsRun(standing), renewed]
  await until('each was renewed twice', () => renewed >= renewedBefore + 2 * LEASES, 30_000)
  const commands = (await scriptsRun(standing)) - before
  const seconds = ((await serverMs()) - since) / 1000
  expect(commands / seconds).toBeLessThanOrEqual(50)
  expect(lost).toBe(0)
  // A hundred thousand commands are no way to end a test.
  await ask('flushall')
  await locks.close()
}, 60_000)
