import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { startTestEtcd, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

it('fifteen hundred callers for two hundred keys are all served by a process that stands still now and then, as etcd does', async () => {
  const locks = createLocks(etcd.open({ deadlineMs: 1_000 }), { ttlMs: 5_000, requestTimeoutMs: 2_000, pollMs: 60_000 })
  const keys = Array.from({ length: 200 }, uniqueKey)
  let [served, isOver] = [0, false]
  const turn = async (key: string): Promise<void> => {
    const lease = await locks.named(key).acquire({ waitMs: 120_000 })
    served += 1
    await lease.release().catch(() => {})
  }
  /** Outages that are longer than anybody waits for a place in line end an attempt. */
  const serve = (key: string): Promise<void> => turn(key).catch(() => serve(key))
  const disturbing = (async () => {
    while (!isOver) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
      etcd.server.freeze()
      await new Promise((resolve) => setTimeout(resolve, 700))
      etcd.server.thaw()
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  })()
  await Promise.all(Array.from({ length: 1_500 }, (_, i) => serve(keys[i % keys.length] as string)))
  isOver = true
  await disturbing
  expect(served).toBeGreaterThanOrEqual(1_500)
  await locks.close()
  await until('nothing is left', async () => (await etcd.keys()).length === 0)
})
