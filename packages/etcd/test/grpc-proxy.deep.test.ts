import { createLocks, type Lease, type LockEvent, semaphore, shared } from '@leasehold/core'
import { startEtcdGrpcProxy, until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { startTestEtcd, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
const proxy = await startEtcdGrpcProxy([etcd.server.url])
afterAll(async () => {
  await etcd.stop()
  await proxy.stop()
})

const TTL_MS = 6_000

it('locks are held, waited for and shared by way of `etcd grpc-proxy`', async () => {
  const events: LockEvent[] = []
  const open = () =>
    createLocks(etcd.open({ hosts: proxy.url, deadlineMs: 4_000 }), {
      ttlMs: TTL_MS,
      pollMs: 60_000,
      onEvent: (event) => void events.push(event),
    })
  const [one, other] = [open(), open()]
  const held = await one.named(uniqueKey()).acquire({ waitMs: 30_000 })
  const since = performance.now()
  const key = uniqueKey()
  const turns: bigint[] = []
  // Each waits for the one before it.
  const turn = async (lease: Lease) => {
    turns.push(lease.fencingToken)
    await lease.release()
  }
  while (performance.now() - since < 3 * TTL_MS) {
    const [first, second] = [one.named(key), other.named(key)]
    const begun = await first.acquire({ waitMs: 30_000 })
    const waiting = second.acquire({ waitMs: 30_000 })
    await until('it stands in line', async () => (await etcd.keys()).length === 3)
    await turn(begun)
    await turn(await waiting)
    await (await shared(one, key).acquire()).release()
    await (await semaphore(other, key, 2).acquire()).release()
  }
  held.assertHeld()
  expect(turns).toEqual(turns.toSorted((a, b) => (a < b ? -1 : 1)))
  expect(events.filter(({ type }) => type === 'lost')).toEqual([])
  await held.release()
  await Promise.all([one.close(), other.close()])
  expect(await etcd.keys()).toEqual([])
})
