import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { inspect } from 'node:util'
import { createLocks } from '@leasehold/core'
import { askRedis, until } from '@leasehold/test-services'
import { createCluster } from 'redis'
import { afterAll, describe, expect, it } from 'vitest'
import { redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { startClusterStanding } from './cluster-standing.ts'
import { type ClusterOptions, clusterLibraries } from './node-redis-clusters.ts'
import { COMMANDS, COMMANDS_ON_A_CLUSTER, PASSWORD, RIGHTS } from './permissions.ts'
import { refusal } from './refusal.ts'

// A rejection that nobody handles, or an error event that nobody listens to, fails the run of this file.
const standing = await startClusterStanding()
const { nodes } = standing.cluster
afterAll(standing.stop)

const rootNodes = nodes.map(({ url }) => ({ url }))
const everywhere = (...command: string[]) => Promise.all(nodes.map((node) => askRedis(node, ...command)))

describe.each(clusterLibraries)('a Cluster by $library', ({ library, cluster }) => {
  const open = (options?: Partial<ClusterOptions>, replyTimeoutMs = 3000) =>
    redisBackend({ client: cluster({ rootNodes, ...options }), replyTimeoutMs })

  it('is refused for a wrong password, however often it tries, and shows none', async () => {
    await everywhere('acl', 'setuser', 'known', 'reset', 'on', '>open-sesame', '~*', '&*', '+@all')
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const error = await refusal(open({ defaults: { username: 'known', password: 'not-the-password' } }))
      expect(error).toMatchObject({ code: 'BACKEND_REFUSED', message: expect.stringContaining('WRONGPASS') })
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('not-the-password')
    }
  })

  it('needs no more than the documented commands, keys and channels', async () => {
    await everywhere(
      'acl',
      'setuser',
      'limited',
      'reset',
      'on',
      `>${PASSWORD}`,
      ...RIGHTS,
      ...COMMANDS,
      ...COMMANDS_ON_A_CLUSTER,
    )
    const limited = { defaults: { username: 'limited', password: PASSWORD } }
    const [one, other] = [createLocks(open(limited)), createLocks(open(limited), { pollMs: 60_000 })]
    const key = `limited ${library}`
    const lease = await one.named(key).acquire()
    const next = other.named(key).acquire({ waitMs: 60_000 })
    const { queue } = keyNames('leasehold:', key)
    await until('it stands in line', async () => (await everywhere('exists', queue)).includes('1'))
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })

  it('that is away is unavailable, and says so', async () => {
    const backend = open({ rootNodes: [{ socket: { host: '127.0.0.1', port: 1 } }] })
    expect(await refusal(backend)).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    await backend.close?.()
  })

  it('that is no Cluster says so', async () => {
    const plain = createServer((socket) => {
      socket.on('data', () => socket.write('-ERR This instance has cluster support disabled\r\n'))
      socket.on('error', () => {})
    }).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const backend = open({
      rootNodes: [{ socket: { host: '127.0.0.1', port: (plain.address() as AddressInfo).port } }],
    })
    expect(String(await refusal(backend))).toContain('cluster support disabled')
    await backend.close?.()
    plain.close()
  })

  it('is told that a port has no TLS', async () => {
    const backend = open({ rootNodes: rootNodes.map(({ url }) => ({ url: url.replace('redis:', 'rediss:') })) }, 200)
    expect(String(await refusal(backend))).toContain('no answer to TLS; is it a port without?')
    await backend.close?.()
  })
})

it('a Cluster of node-redis is refused at once where it is nowhere', () => {
  expect(() => redisBackend({ client: createCluster({ rootNodes: [] }) })).toThrow('without rootNodes is nowhere')
})

it('a Cluster of node-redis is refused at once where its addresses contradict its TLS', () => {
  const client = createCluster({ rootNodes, defaults: { socket: { tls: true } } })
  expect(() => redisBackend({ client })).toThrow(TypeError)
})
