import { createLocks } from '@leasehold/core'
import { type Etcd3, Range } from 'etcd3'
import { afterAll, describe, expect, it } from 'vitest'
import { startTestEtcd, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())
await requirePasswords(etcd.raw)

const locksOf = (username: string, password: string, namespace?: string) =>
  createLocks(etcd.open({ auth: { username, password }, namespace }))

describe('an etcd that asks for passwords', () => {
  it('lets a user lock whose role reaches the namespace alone', async () => {
    const locks = locksOf('app', 'secret')
    const [one, other] = [locks.lock(uniqueKey()), locksOf('app', 'secret')]
    const lease = await one.acquire({ metadata: { who: 'app' } })
    const waiting = other.lock(one.key).acquire({ waitMs: 30_000 })
    expect(await one.inspect()).toMatchObject({ metadata: { who: 'app' } })
    await lease.renew()
    expect(await lease.release()).toBe('released')
    expect(await (await waiting).release()).toBe('released')
    await locks.close()
    await other.close()
  })

  it.each([
    ['a wrong password', 'app', 'wrong', undefined],
    ['an unknown user', 'nobody', 'secret', undefined],
    ['a namespace beyond the role', 'app', 'secret', 'elsewhere'],
  ])('refuses %s, and that is told as a refusal', async (_, username, password, namespace) => {
    const locks = locksOf(username, password, namespace)
    await expect(locks.lock(uniqueKey()).acquire({ waitMs: 10_000 })).rejects.toMatchObject({ code: 'BACKEND_REFUSED' })
    await locks.close()
  })

  it('refuses a client without a password', async () => {
    const locks = createLocks(etcd.open())
    await expect(locks.lock(uniqueKey()).acquire({ waitMs: 10_000 })).rejects.toMatchObject({ code: 'BACKEND_REFUSED' })
    await locks.close()
  })
})

it('a server that is not there is told as unavailable', async () => {
  const locks = createLocks(etcd.open({ hosts: 'http://127.0.0.1:1' }))
  await expect(locks.lock(uniqueKey()).tryAcquire()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  await locks.close()
})

/** What README.md tells to do. */
async function requirePasswords(raw: Etcd3): Promise<void> {
  const role = raw.role('leasehold')
  await role.create()
  await role.grant({ permission: 'Readwrite', range: Range.prefix('leasehold/') })
  await raw.user('app').create('secret')
  await raw.user('app').addRole('leasehold')
  await raw.user('root').create('root')
  await raw.user('root').addRole('root')
  await raw.auth.authEnable()
}
