import { randomBytes } from 'node:crypto'
import { createLocks } from '@leasehold/core'
import { etcdBackend } from '@leasehold/etcd'
import { startEtcd } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import type { Subject } from '../subject.ts'

export const etcd: Subject = {
  name: 'etcd',
  limit: 'a transaction on a shared lease, and a delete; a watch passes the baton',
  goals: { sequential: { most: 1.1 }, atOnce: { least: 0.9 }, handover: { most: 1.2 } },
  start: () => startEtcd({ own: true }),
  locks: (url) => createLocks(etcdBackend({ hosts: url })),
  async raw(url) {
    const client = new Etcd3({ hosts: url })
    const lease = client.lease(60)
    const id = await lease.grant()
    const watcher = await client.watch().key('baton').create()
    return {
      async cycle(key) {
        const put = client.put(key).value(randomBytes(16).toString('hex')).lease(id)
        await client.if(key, 'Create', '==', 0).then(put).commit()
        await client.delete().key(key)
      },
      async handover(idle) {
        const taken = new Promise<number>((resolve) => watcher.once('put', () => resolve(performance.now())))
        await idle()
        const givenMs = performance.now()
        await client.put('baton').value('x')
        return (await taken) - givenMs
      },
      async close() {
        await watcher.cancel()
        await lease.revoke()
        client.close()
      },
    }
  },
}
