import { generateKeyPairSync } from 'node:crypto'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { Range } from 'etcd3'
import { afterAll, expect, it } from 'vitest'
import { claimOn, lookAs, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const TOKEN_SECONDS = 2
const folder = await mkdtemp(join(tmpdir(), 'leasehold-jwt-'))
const [privateKey, publicKey] = [join(folder, 'private.pem'), join(folder, 'public.pem')]
const pair = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
// etcd runs as a user of its own.
await chmod(folder, 0o755)
await writeFile(privateKey, pair.privateKey)
await writeFile(publicKey, pair.publicKey)

const token = { 'pub-key': publicKey, 'priv-key': privateKey, 'sign-method': 'RS256', ttl: `${TOKEN_SECONDS}s` }
const etcd = await startTestEtcd({
  'auth-token': ['jwt', ...Object.entries(token).map(([name, value]) => `${name}=${value}`)].join(','),
})
afterAll(async () => {
  await etcd.stop()
  await rm(folder, { recursive: true })
})

const role = etcd.raw.role('leasehold')
await role.create()
await role.grant({ permission: 'Readwrite', range: Range.prefix('leasehold/') })
await etcd.raw.user('app').create('secret')
await etcd.raw.user('app').addRole('leasehold')
await etcd.raw.user('root').create('root')
await etcd.raw.user('root').addRole('root')
await etcd.raw.auth.authEnable()

const APP = { username: 'app', password: 'secret' }
const ROOT = { username: 'root', password: 'root' }

it('users and roles may be changed while locks are held and waited for, whose log-ins know nothing of it', async () => {
  const backend = etcd.open({ auth: APP })
  const kept = claimOn(uniqueKey())
  await backend.tryAcquire(kept, terms(60_000))
  for (let times = 0; times < 2; times += 1) {
    const root = lookAs(etcd.server.url, ROOT)
    await root.raw.user(`somebody-${times}`).create('x')
    root.close()
    const claim = claimOn(uniqueKey())
    expect(await backend.tryAcquire(claim, terms(60_000))).toMatchObject({ granted: true })
    expect(await backend.renew([{ ...kept, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
    expect(await backend.release(claim)).toBe(true)
  }
  expect(await backend.release(kept)).toBe(true)
})

it('whoever did nothing for longer than a log-in lasts waits, and is granted its lock, at the first call', async () => {
  const [locks, other] = [
    createLocks(etcd.open({ auth: APP }), PATIENT),
    createLocks(etcd.open({ auth: APP }), { ...PATIENT, pollMs: 60_000 }),
  ]
  for (const each of [locks, other]) await each.named(uniqueKey()).run(() => {})
  const startedAt = performance.now()
  await until('log-ins have run out', () => performance.now() - startedAt > (TOKEN_SECONDS + 1) * 1000)
  const lease = await locks.named(uniqueKey()).acquire({ ttlMs: 60_000 })
  const waiting = other.named(lease.key).acquire({ ttlMs: 60_000, waitMs: 30_000 })
  const root = lookAs(etcd.server.url, ROOT)
  await until('it waits', async () => (await root.keys()).length === 2)
  root.close()
  expect(await lease.release()).toBe('released')
  expect(await (await waiting).release()).toBe('released')
  await locks.close()
  await other.close()
})
