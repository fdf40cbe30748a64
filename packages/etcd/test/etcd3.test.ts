import { createLocks } from '@leasehold/core'
import { Etcd3 } from 'etcd3'
import { afterAll, describe, expect, it } from 'vitest'
import { type Etcd3BackendOptions, etcd3Backend } from '../src/etcd3.ts'
import { PATIENT, startTestEtcd, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const clients: Etcd3[] = []
afterAll(() => {
  for (const client of clients) client.close()
})
function clientOf(options: ConstructorParameters<typeof Etcd3>[0]): Etcd3 {
  const client = new Etcd3(options)
  clients.push(client)
  return client
}

describe('a backend by way of etcd3', () => {
  it.each([
    ['one host', () => etcd.server.url],
    ['several', () => [etcd.server.url, etcd.server.url]],
  ])('locks where its client is, on %s, and on the same locks as the client of our own', async (_, hosts) => {
    const client = clientOf({ hosts: hosts() })
    const locks = createLocks(etcd3Backend({ client, minTtlMs: 1_000, deadlineMs: 10_000 }), PATIENT)
    const rival = createLocks(etcd.open(), PATIENT)
    const lease = await locks.named(uniqueKey()).acquire({ waitMs: 30_000 })
    expect(await rival.named(lease.key).tryAcquire()).toBeNull()
    const waiting = rival.named(lease.key).acquire({ waitMs: 30_000 })
    expect(await lease.release()).toBe('released')
    const next = await waiting
    expect(next.fencingToken).toBeGreaterThan(lease.fencingToken)
    await next.release()
    await rival.close()
    await locks.close()
    // It is yours, and was not touched.
    expect(await client.get('none')).toBeNull()
  })

  it('has the login of its client', async () => {
    const client = clientOf({ hosts: etcd.server.url, auth: { username: 'app', password: 'secret' } })
    const locks = createLocks(etcd3Backend({ client }))
    const refused = { code: 'BACKEND_REFUSED', cause: { code: 'UNAUTHENTICATED' } }
    await expect(locks.named(uniqueKey()).acquire()).rejects.toMatchObject(refused)
    await locks.close()
  })

  it.each([undefined, null, {}, 'http://127.0.0.1:2379'])('has no client in %j, and says so', (client) => {
    expect(() => etcd3Backend({ client } as unknown as Etcd3BackendOptions)).toThrow(
      new TypeError('client must be an Etcd3 of the package etcd3'),
    )
  })
})
