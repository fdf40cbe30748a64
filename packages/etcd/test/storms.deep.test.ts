import { checkHistory } from '@leasehold/core/conformance'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { startTestCluster } from './cluster.ts'
import { startTestEtcd } from './server.ts'
import { storm } from './storm.ts'

const GUSTS = 20

const [etcd, cluster] = await Promise.all([startTestEtcd(), startTestCluster()])
afterAll(() => Promise.all([etcd.stop(), cluster.stop()]))

it('a long storm on one member breaks no promise, and leaves nothing behind', async () => {
  const { history, broken } = await storm([etcd.server], 4, GUSTS)
  expect(checkHistory(history)).toEqual([])
  expect(broken).toEqual([])
  await until('nothing is left', async () => (await etcd.keys()).length === 0 && (await etcd.leaseCount()) === 0)
})

it('a long storm on a cluster of three breaks no promise, and leaves nothing behind', async () => {
  const { history, broken } = await storm(cluster.members, 4, GUSTS)
  expect(checkHistory(history)).toEqual([])
  expect(broken).toEqual([])
  await until('nothing is left', async () => (await cluster.keys()).length === 0)
})
