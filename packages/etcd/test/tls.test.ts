import { connect } from 'node:tls'
import { createLocks } from '@leasehold/core'
import { type Server, startEtcd } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { etcdBackend } from '../src/index.ts'
import { uniqueKey } from './server.ts'

const server = await startEtcd({ own: true, settings: { 'auto-tls': 'true' } })
afterAll(() => server.stop())
const rootCertificate = await certificateOf(server)

describe('an etcd behind TLS', () => {
  it('is locked on by clients that know its certificate', async () => {
    const [locks, other] = [locksWith({ rootCertificate }), locksWith({ rootCertificate })]
    const lease = await locks.named(uniqueKey()).acquire()
    const waiting = other.named(lease.key).acquire({ waitMs: 30_000 })
    await lease.renew()
    await lease.release()
    await (await waiting).release()
    await locks.close()
    await other.close()
  })

  it('is not trusted by a client that was not told to', async () => {
    const locks = locksWith(undefined)
    await expect(locks.named(uniqueKey()).tryAcquire()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await locks.close()
  })
})

const locksWith = (credentials: { rootCertificate: Buffer } | undefined) =>
  createLocks(etcdBackend({ hosts: server.url, ...(credentials && { credentials }) }))

/** As its operator would hand it to those who may connect. */
function certificateOf({ host, port }: Server): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, rejectUnauthorized: false, ALPNProtocols: ['h2'] }, () => {
      const { raw } = socket.getPeerCertificate()
      socket.destroy()
      resolve(Buffer.from(`-----BEGIN CERTIFICATE-----\n${raw.toString('base64')}\n-----END CERTIFICATE-----\n`))
    })
    socket.once('error', reject)
  })
}
