import { allOf, createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { type Etcd3, Range } from 'etcd3'
import { afterAll, describe, expect, it } from 'vitest'
import type { EtcdErrorCode } from '../src/index.ts'
import { claimOn, lookAs, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())
/** What belongs to the locks. */
const EVERYTHING = Range.prefix('leasehold/')
await requirePasswords(etcd.raw)

const APP = { username: 'app', password: 'secret' }
const lookedUp = lookAs(etcd.server.url, { username: 'root', password: 'root' })
const role = lookedUp.raw.role('leasehold')
afterAll(() => lookedUp.close())

describe('an etcd that asks for passwords', () => {
  it('lets a user lock whose role reaches the namespace alone', async () => {
    const [locks, other] = [
      createLocks(etcd.open({ auth: APP }), PATIENT),
      createLocks(etcd.open({ auth: APP }), PATIENT),
    ]
    const one = locks.named(uniqueKey())
    const lease = await one.acquire({ metadata: { who: 'app' } })
    const waiting = other.named(one.key).acquire({ waitMs: 30_000 })
    expect(await one.inspect()).toMatchObject([{ metadata: { who: 'app' } }])
    await lease.renew()
    expect(await lease.release()).toBe('released')
    expect(await (await waiting).release()).toBe('released')
    await locks.close()
    await other.close()
  })

  it.each([
    ['a wrong password', 'UNAUTHENTICATED', { auth: { username: 'app', password: 'wrong' } }],
    ['an unknown user', 'UNAUTHENTICATED', { auth: { username: 'nobody', password: 'secret' } }],
    ['no password', 'UNAUTHENTICATED', {}],
    ['a namespace beyond the role', 'PERMISSION_DENIED', { auth: APP, namespace: 'elsewhere' }],
  ])('refuses %s, and says so: %s', async (_, code, options) => {
    const locks = createLocks(etcd.open(options))
    const refused = { code: 'BACKEND_REFUSED', cause: { name: 'EtcdError', code } }
    await expect(locks.named(uniqueKey()).acquire({ waitMs: 10_000 })).rejects.toMatchObject(refused)
    await locks.close()
  })

  it('refuses more keys at once than it takes in one transaction', async () => {
    const locks = createLocks(etcd.open({ auth: APP }), PATIENT)
    const keys = Array.from({ length: 129 }, uniqueKey)
    const refused = { code: 'BACKEND_REFUSED', cause: { code: 'TOO_MANY_OPERATIONS' } }
    await expect(allOf(locks, keys).acquire()).rejects.toMatchObject(refused)
    await locks.close()
  })

  it('may refuse a release: its key is gone within the TTL, although another claim of that TTL lives on', async () => {
    const backend = etcd.open({ auth: APP })
    // Rights are changed meanwhile, which takes a busy machine a while.
    const ttlMs = 4_000
    for (const release of ['release', 'releaseAll'] as const) {
      const [left, kept] = [claimOn(uniqueKey()), claimOn(uniqueKey())]
      for (const claim of [left, kept]) await backend.tryAcquire(claim, terms(ttlMs))
      await role.revoke({ permission: 'Readwrite', range: EVERYTHING })
      const refused = release === 'release' ? backend.release(left) : backend.releaseAll?.([left])
      await expect(refused).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
      await role.grant({ permission: 'Readwrite', range: EVERYTHING })
      await until('its key is gone', async () => {
        expect(await backend.renew([{ ...kept, ttlMs }])).toMatchObject([{ granted: true }])
        return (await lookedUp.keys()).length === 1
      })
      expect(await backend.release(kept)).toBe(true)
    }
  })

  it('forgets over a restart who has logged in, and nobody notices', async () => {
    const [locks, other] = [
      createLocks(etcd.open({ auth: APP }), PATIENT),
      createLocks(etcd.open({ auth: APP }), PATIENT),
    ]
    const lease = await locks.named(uniqueKey()).acquire({ ttlMs: 60_000 })
    const waiting = other.named(lease.key).acquire({ waitMs: 60_000 })
    await until('it waits', async () => (await lookedUp.keys()).length === 2)
    await etcd.server.restart()
    expect(await lease.release()).toBe('released')
    await (await waiting).release()
    await locks.close()
    await other.close()
  })
})

describe('no answer', () => {
  const unavailable = (code: EtcdErrorCode) => ({ code: 'BACKEND_UNAVAILABLE', cause: { name: 'EtcdError', code } })

  it('of a server that is not there is told as such', async () => {
    const locks = createLocks(etcd.open({ hosts: 'http://127.0.0.1:1' }))
    await expect(locks.named(uniqueKey()).tryAcquire()).rejects.toMatchObject(unavailable('NOT_SENT'))
    await locks.close()
  })

  it('of a server that has frozen is told as a deadline that has passed', async () => {
    const locks = createLocks(etcd.open({ auth: APP, deadlineMs: 300 }))
    await (await locks.named(uniqueKey()).acquire({ waitMs: 30_000 })).release().catch(() => {})
    etcd.server.freeze()
    await expect(locks.named(uniqueKey()).tryAcquire()).rejects.toMatchObject(unavailable('DEADLINE_EXCEEDED'))
    etcd.server.thaw()
    await locks.close()
  })
})

/** What README.md tells to do. */
async function requirePasswords(raw: Etcd3): Promise<void> {
  const role = raw.role('leasehold')
  await role.create()
  await role.grant({ permission: 'Readwrite', range: EVERYTHING })
  await raw.user('app').create('secret')
  await raw.user('app').addRole('leasehold')
  await raw.user('root').create('root')
  await raw.user('root').addRole('root')
  await raw.auth.authEnable()
}
