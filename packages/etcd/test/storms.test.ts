import { checkHistory } from '@leasehold/core/conformance'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { startTestEtcd } from './server.ts'
import { storm } from './storm.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

it('a storm of stopped servers and clients and of harmed lines breaks no promise, and leaves nothing behind', async () => {
  const { history, broken } = await storm([etcd.server], 3, 1)
  expect(checkHistory(history)).toEqual([])
  expect(broken).toEqual([])
  await until('nothing is left', async () => (await etcd.keys()).length === 0 && (await etcd.leaseCount()) === 0)
})
