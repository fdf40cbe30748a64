import { inspect } from 'node:util'
import { createLocks } from '@leasehold/core'
import {
  askRedis,
  type RedisSentinels,
  type Server,
  startRedisSentinels,
  TcpProxy,
  until,
} from '@leasehold/test-services'
import { Redis } from 'ioredis'
import {
  createClient,
  createCluster,
  createSentinel as createSentinel5,
  type RedisSentinelOptions as SentinelOptions5,
} from 'redis'
import { createSentinel as createSentinel6, type RedisSentinelOptions as SentinelOptions6 } from 'redis6'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fencedSet, type NodeRedisClient, redisBackend, type RedisSentinels as Sentinels } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { nodeRedisLibraries } from './client-libraries.ts'
import { goesOnAtTheNewPrimary } from './new-primary.ts'
import { refusal } from './refusal.ts'
import { scriptsRunAt, visit } from './standing.ts'

const NOWHERE = 'redis://127.0.0.1:1'

let group: RedisSentinels
beforeAll(async () => {
  group = await startRedisSentinels()
})
afterAll(() => group.stop())

const sentinelOf = (options: Partial<Sentinels> = {}): Sentinels => ({
  name: group.name,
  sentinelRootNodes: group.sentinels.map(({ host, port }) => ({ host, port })),
  ...options,
})

const isInLine = (key: string) => async () =>
  (await askRedis(group.primary, 'exists', keyNames('leasehold:', key).queue)) === '1'

describe.each(nodeRedisLibraries)('behind sentinels, a client of $library', ({ library, client }) => {
  const open = (options: Partial<Sentinels> = {}, replyTimeoutMs = 3000) =>
    redisBackend({ client: client(NOWHERE), sentinel: sentinelOf(options), replyTimeoutMs })

  it('locks at the primary, waits, and hears its turn', async () => {
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named(library).acquire({ waitMs: 15_000 })
    const next = other.named(library).acquire({ waitMs: 60_000 })
    await until('it stands in line', isInLine(library))
    await lease.renew()
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })

  it('passes over a sentinel that hangs, and one that is away', async () => {
    const [first, ...others] = group.sentinels as [Server, ...Server[]]
    const sentinelRootNodes = [{ host: '127.0.0.1', port: 1 }, first, ...others]
    first.freeze()
    const token = await visit(open({ sentinelRootNodes }), `passed over ${library}`).finally(() => first.thaw())
    expect(token).toBeGreaterThan(0n)
  })

  it('is told where no sentinel is, and closes at once while it asks', async () => {
    const away = open({ sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] })
    expect(await refusal(away)).toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('sentinel 127.0.0.1:1: connect ECONNREFUSED'),
    })
    const [first] = group.sentinels as [Server]
    await using proxy = await TcpProxy.open(first)
    proxy.swallow('replies')
    const port = Number(new URL(proxy.through(first.url)).port)
    const mute = open({ sentinelRootNodes: [{ host: '127.0.0.1', port }] }, 600_000)
    const attempt = mute.tryAcquire(claimOn('any'), terms()).catch((error: Error) => error.message)
    await until('it asks', () => proxy.connectionCount === 1)
    await mute.close?.()
    expect(await attempt).toMatch(/closed/)
    proxy.heal()
    await until('no connection is left', () => proxy.connectionCount === 0)
  })

  it('is refused where no sentinel knows the name', async () => {
    const backend = open({ name: 'another' })
    expect(await refusal(backend)).toMatchObject({
      code: 'BACKEND_REFUSED',
      message: expect.stringContaining('the sentinels know no primary by the name "another"'),
    })
  })

  it('logs in to the primary alone, and is refused for a wrong password', async () => {
    await askRedis(group.primary, 'acl', 'setuser', 'known', 'reset', 'on', '>open-sesame', '~*', '&*', '+@all')
    const as = (password: string) =>
      redisBackend({ client: client(NOWHERE, { username: 'known', password }), sentinel: sentinelOf() })
    const backend = as('open-sesame')
    await visit(backend, `known ${library}`)
    expect(await askRedis(group.primary, 'client', 'list')).toContain('user=known')
    await backend.close?.()
    const error = await refusal(as('not-the-password'))
    expect(error).toMatchObject({ code: 'BACKEND_REFUSED' })
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('not-the-password')
  })

  it('runs nothing twice over a connection that is cut', async () => {
    const { primary } = group
    await using proxy = await TcpProxy.open(primary)
    const nodeAddressMap = (address: string) =>
      address === `127.0.0.1:${primary.port}`
        ? { host: '127.0.0.1', port: Number(new URL(proxy.through(primary.url)).port) }
        : undefined
    const backend = open({ nodeAddressMap })
    for (let visits = 0; visits < 2; visits += 1) await visit(backend, `cut ${library}`)
    await askRedis(primary, 'config', 'resetstat')
    const cut = proxy.cutAfter(1, 'replies')
    await expect(backend.tryAcquire(claimOn(`cut ${library}`), terms())).rejects.toThrow(/closed|reset/i)
    await cut
    expect(await scriptsRunAt(primary)).toBe(1)
    await backend.close?.()
  })
})

describe('sentinels', () => {
  it('are found by the options that the library takes, in its types', async () => {
    const sentinelRootNodes = [...sentinelOf().sentinelRootNodes]
    const options5: SentinelOptions5 = { name: group.name, sentinelRootNodes, nodeClientOptions: {} }
    const options6: SentinelOptions6 = { name: group.name, sentinelRootNodes, nodeClientOptions: {}, keyPrefix: 'app:' }
    for (const sentinel of [options5, options6]) {
      const backend = redisBackend({ client: createClient(), sentinel })
      expect(await visit(backend, 'typed')).toBeGreaterThan(0n)
      await backend.close?.()
    }
    expect(await askRedis(group.primary, 'keys', 'app:leasehold:*:token')).not.toBe('')
  })

  it.each([
    ['5', createSentinel5],
    ['6', createSentinel6 as unknown as typeof createSentinel5],
  ])('of node-redis %s keep fenced values', async (version, createSentinel) => {
    const client = createSentinel({ name: group.name, sentinelRootNodes: [...sentinelOf().sentinelRootNodes] })
    await client.connect()
    await fencedSet(client, `fenced ${version}`, 'new', 8n)
    await expect(fencedSet(client, `fenced ${version}`, 'old', 7n)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    await client.close()
  })

  it('are for clients of node-redis alone, have a name, and are somewhere', () => {
    const [{ client }] = nodeRedisLibraries as [(typeof nodeRedisLibraries)[number]]
    const nodeRedis = client(NOWHERE)
    const thrownFor = (given: object, sentinel: unknown) => () =>
      redisBackend({ client: given as NodeRedisClient, sentinel: sentinel as Sentinels })
    expect(thrownFor(new Redis({ lazyConnect: true }), sentinelOf())).toThrow(
      'make a client of ioredis with its sentinels',
    )
    expect(thrownFor(createCluster({ rootNodes: [{ url: NOWHERE }] }), sentinelOf())).toThrow(
      'sentinel is not for a Cluster',
    )
    expect(thrownFor(nodeRedis, { ...sentinelOf(), name: '' })).toThrow('sentinel.name must be')
    for (const sentinelRootNodes of [undefined, [], [NOWHERE], [{ host: 'any', port: 1 }, { host: 'other' }]])
      expect(thrownFor(nodeRedis, { ...sentinelOf(), sentinelRootNodes })).toThrow('sentinel.sentinelRootNodes must be')
  })

  it('lead on to the new primary, with greater tokens', async () => {
    const [{ client }] = nodeRedisLibraries.slice(-1) as [(typeof nodeRedisLibraries)[number]]
    await goesOnAtTheNewPrimary(group, redisBackend({ client: client(NOWHERE), sentinel: sentinelOf() }))
  })
})
