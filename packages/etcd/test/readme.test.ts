import { createLocks } from '@leasehold/core'
import { Etcd3 } from 'etcd3'
import { afterAll, expect, it } from 'vitest'
import { etcd3Backend } from '../src/etcd3.ts'
import { etcdBackend } from '../src/index.ts'
import { startTestEtcd } from './server.ts'

const server = await startTestEtcd()
process.env['ETCD_URL'] = server.server.url
const etcd = new Etcd3({ hosts: server.server.url })
afterAll(async () => {
  etcd.close()
  await server.stop()
})

it('what the README shows writes under the lock', async () => {
  // The driver loads the protocol at its first request, which a busy machine may take longer for than the locks wait for an answer.
  await etcd.get('none')
  const backend = etcdBackend({ hosts: process.env['ETCD_URL'] ?? 'http://127.0.0.1:2379' })
  const locks = createLocks(backend)

  await locks.named('seat:A1').run(async (lease) => {
    const { key, createRevision } = backend.fence(lease)
    await etcd.if(key, 'Create', '==', createRevision).then(etcd.put('seat:A1:buyer').value('me')).commit()
  })

  await locks.close()
  expect(await etcd.get('seat:A1:buyer')).toBe('me')
  expect(await server.keys()).toEqual([])
})

it('who has an `Etcd3` locks by it', async () => {
  const hosts = server.server.url
  const locks = createLocks(etcd3Backend({ client: new Etcd3({ hosts }) }))
  expect(await locks.named('seat:A2').run(async () => 'mine')).toBe('mine')
  await locks.close()
})
