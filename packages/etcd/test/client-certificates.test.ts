import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocks } from '@leasehold/core'
import { startEtcd } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import {
  type EtcdBackend,
  type EtcdCredentials,
  type EtcdError,
  type EtcdGrpcOptions,
  etcdBackend,
} from '../src/index.ts'
import { type Certificate, certificate } from './certificates.ts'
import { withLocalSocket } from './local-socket.ts'
import { claimOn, PATIENT, terms, uniqueKey } from './server.ts'

const [authority, stranger] = [certificate('authority'), certificate('stranger')]
const [server, app, imposter] = [
  certificate('server', authority),
  certificate('app', authority),
  certificate('app', stranger),
]

const folder = await mkdtemp(join(tmpdir(), 'etcd-certificates-'))
// The server runs as another user.
await chmod(folder, 0o755)
const file = async (name: string, content: Buffer) => {
  await writeFile(join(folder, name), content, { mode: 0o644 })
  return join(folder, name)
}
const etcd = await startEtcd({
  own: true,
  settings: {
    'cert-file': await file('server.crt', server.certificate),
    'key-file': await file('server.key', server.privateKey),
    'trusted-ca-file': await file('ca.crt', authority.certificate),
    'client-cert-auth': 'true',
  },
})
afterAll(async () => {
  await etcd.stop()
  await rm(folder, { recursive: true })
})

const rootCertificate = authority.certificate
const of = ({ privateKey, certificate: certChain }: Certificate): EtcdCredentials => ({
  rootCertificate,
  privateKey,
  certChain,
})
const backendWith = (credentials: EtcdCredentials, grpcOptions?: EtcdGrpcOptions, hosts = etcd.url) =>
  etcdBackend({ hosts, credentials, grpcOptions, deadlineMs: 10_000 })

async function isServed(backend: EtcdBackend): Promise<boolean> {
  try {
    await backend.tryAcquire(claimOn(uniqueKey()), terms())
    return true
  } catch (error) {
    if (!['UNAVAILABLE', 'NOT_SENT'].includes((error as EtcdError).code)) throw error
    return false
  } finally {
    await backend.close?.()
  }
}

describe('an etcd that asks for certificates of its clients', () => {
  it('lets in who has one of its authority', async () => {
    const locks = createLocks(backendWith(of(app)), PATIENT)
    const lease = await locks.named(uniqueKey()).acquire()
    await lease.renew()
    expect(await lease.release()).toBe('released')
    await locks.close()
  })

  it('lets in who comes by a socket of this machine', async () => {
    await withLocalSocket(etcd, async (path) => {
      expect(await isServed(backendWith(of(app), {}, `unix:${path}`))).toBe(true)
      expect(await isServed(backendWith(of(imposter), {}, `unix:${path}`))).toBe(false)
    })
  })

  it.each([
    ['who has none', { rootCertificate }],
    ['who has one of another authority', of(imposter)],
  ])('does not let in %s', async (_, credentials) => {
    expect(await isServed(backendWith(credentials))).toBe(false)
  })

  it('is not asked by whom it is a stranger to, nor by who expects another name', async () => {
    expect(await isServed(backendWith({ ...of(app), rootCertificate: stranger.certificate }))).toBe(false)
    for (const name of ['elsewhere.test', '127.0.0.2'])
      expect(await isServed(backendWith(of(app), { 'grpc.ssl_target_name_override': name }))).toBe(false)
  })

  it('has clients whose key and certificate belong together, or is not asked at all', () => {
    const mixed = { ...of(app), privateKey: imposter.privateKey }
    expect(() => backendWith(mixed)).toThrow('credentials must be certificates and a private key')
  })
})
