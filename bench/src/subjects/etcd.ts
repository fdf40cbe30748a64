import { randomBytes } from 'node:crypto'
import { createLocks } from '@leasehold/core'
import { etcdBackend } from '@leasehold/etcd'
import { startEtcd } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import type { Raw, Subject } from '../subject.ts'

export const etcd: Subject = {
  name: 'etcd',
  limit: 'a transaction on a shared lease, and a delete; a watch passes the baton; the recipe of a line in the crowd',
  goals: { sequential: { most: 1.05 }, atOnce: { least: 4 }, handover: { most: 1.1 }, crowd: { least: 3 } },
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
      crowd: (callers, turn, stopped) => crowd(client, id, callers, turn, stopped),
      async close() {
        await watcher.cancel()
        await lease.revoke()
        client.close()
      },
    }
  },
}

/** As etcd's own client locks: everybody puts a key, and waits until the one that was put before it is gone. https://github.com/etcd-io/etcd/blob/main/client/v3/concurrency/mutex.go */
async function crowd(
  client: Etcd3,
  lease: string,
  callers: number,
  turn: (caller: number) => void,
  stopped: () => boolean,
): ReturnType<NonNullable<Raw['crowd']>> {
  const ahead = (revision: string) =>
    client
      .getAll()
      .prefix('crowd/')
      .maxCreateRevision(String(BigInt(revision) - 1n))
      .sort('Create', 'Descend')
      .limit(1)
      .exec()
  const deleted = async (key: Buffer, since: string) => {
    const watcher = client.watch().key(key).startRevision(since).watcher()
    await new Promise((resolve) => watcher.once('delete', resolve))
    await watcher.cancel()
  }
  const contend = async (caller: number) => {
    while (!stopped()) {
      const own = `crowd/${randomBytes(16).toString('hex')}`
      const { header } = await client.put(own).value('').lease(lease).exec()
      for (;;) {
        const { kvs, header: read } = await ahead(header.revision)
        const [next] = kvs
        if (next === undefined) break
        await deleted(next.key, String(BigInt(read.revision) + 1n))
      }
      turn(caller)
      await client.delete().key(own)
    }
  }
  await Promise.all(Array.from({ length: callers }, (_, caller) => contend(caller)))
}
