import { createLocks } from '@leasehold/core'
import { afterAll, describe, expect, it } from 'vitest'
import { connectEtcd } from '../src/client/connect.ts'
import { type EtcdBackendOptions, etcdBackend } from '../src/index.ts'
import { withLocalSocket } from './local-socket.ts'
import { PATIENT, startTestEtcd, uniqueKey } from './server.ts'
import { StandIn } from './stand-in.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

/** As from JavaScript. */
const made = (options: object) => () => etcdBackend(options as EtcdBackendOptions)

describe('options', () => {
  it.each(['', 'ftp://a:1', 'http://user:secret@a:1', 'http://a:1/path', 'http://a:1?b', 'a b', 'unix:', 7, undefined])(
    'with the host %j are refused before anything is sent, and the host is not told',
    (host) => {
      const error = thrownBy(made({ hosts: [host] }))
      expect(error).toBeInstanceOf(TypeError)
      expect(String(error)).toMatch(/a host must be "http:\/\/name:port"/)
      expect(String(error)).not.toContain('secret')
    },
  )

  it('without a host are refused', () => {
    expect(made({ hosts: [] })).toThrow('hosts must name at least one')
  })

  it.each([
    ['grpc.max_receive_message_length', 0, RangeError],
    ['grpc.keepalive_time_ms', 5_000, RangeError],
    ['grpc.keepalive_timeout_ms', 1.5, RangeError],
    ['grpc.default_authority', '', TypeError],
    ['grpc.ssl_target_name_override', 7, TypeError],
    ['grpc.http2.max_ping_strikes', 3, TypeError],
  ])('with %s: %j are refused by its name', (name, value, kind) => {
    const error = thrownBy(made({ hosts: etcd.server.url, grpcOptions: { [name]: value } }))
    expect(error).toBeInstanceOf(kind)
    expect(String(error)).toContain(name)
  })

  it.each([
    { rootCertificate: Buffer.from('none') },
    { privateKey: Buffer.from('none') },
    { certChain: Buffer.from('none') },
  ])('with credentials that are none are refused: %#', (credentials) => {
    expect(made({ hosts: 'a:1', credentials })).toThrow('credentials must be certificates')
  })

  it.each(['minTtlMs', 'deadlineMs'])('with a %s that is no time are refused by its name', (name) => {
    for (const ms of [0, Number.NaN, Number.POSITIVE_INFINITY]) expect(made({ hosts: 'a:1', [name]: ms })).toThrow(name)
  })

  it('with half a login are refused', () => {
    expect(made({ hosts: 'a:1', auth: { username: 'app' } })).toThrow('auth must have a username and a password')
  })
})

function thrownBy(make: () => unknown): unknown {
  try {
    make()
  } catch (error) {
    return error
  }
  return undefined
}

const locksOn = async (hosts: string) => {
  const locks = createLocks(etcd.open({ hosts }), PATIENT)
  expect(await locks.named(uniqueKey()).run(async () => 'held')).toBe('held')
  await locks.close()
}

describe('a host', () => {
  it('is found with a scheme and without, and with a slash at its end', async () => {
    const { host } = new URL(etcd.server.url)
    for (const hosts of [host, `http://${host}`, `http://${host}/`]) await locksOn(hosts)
  })

  it('may be a socket of this machine', async () => {
    await withLocalSocket(etcd.server, async (path) => {
      for (const hosts of [`unix:${path}`, `unix://${path}`]) await locksOn(hosts)
    })
  })

  it('is called by the name that is given for it', async () => {
    const named = await StandIn.start()
    const connection = connectEtcd({ hosts: named.url, grpcOptions: { 'grpc.default_authority': 'etcd.test' } }, 10_000)
    await connection.hasLeader()
    expect(named.calls[0]?.headers[':authority']).toBe('etcd.test')
    connection.close()
    await named.stop()
  })
})
