import { askRedis, until } from '@leasehold/test-services'
import { Cluster, Redis } from 'ioredis'
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { createClient } from 'redis'
import { afterAll, describe, expect, it } from 'vitest'
import { type AskCredentials, redisBackend, redisQuorumBackend } from '../src/index.ts'
import { claimOn, terms } from './claims.ts'
import { startClusterStanding } from './cluster-standing.ts'
import { startStanding, visit } from './standing.ts'

const [standing, clustered] = await Promise.all([startStanding(), startClusterStanding()])
const { url } = standing.server
const { nodes } = clustered.cluster
afterAll(() => Promise.all([standing.stop(), clustered.stop()]))

const places = nodes.map(({ host, port }) => ({ host, port }))
const lazyConnect = true

const setUps = [
  { name: 'ioredis 6', servers: [standing.server], client: () => new Redis(url, { lazyConnect }) },
  { name: 'ioredis 5', servers: [standing.server], client: () => new Redis5(url, { lazyConnect }) },
  { name: 'iovalkey', servers: [standing.server], client: () => new Valkey(url, { lazyConnect }) },
  { name: 'a Cluster of ioredis 6', servers: nodes, client: () => new Cluster(places, { lazyConnect }) },
  { name: 'a Cluster of ioredis 5', servers: nodes, client: () => new Cluster5(places, { lazyConnect }) },
]

describe.each(setUps)('credentials that are asked for: $name', ({ name, servers, client }) => {
  const everywhere = (...command: string[]) => Promise.all(servers.map((server) => askRedis(server, ...command)))
  const open = (credentials: AskCredentials, replyTimeoutMs = 3000) =>
    redisBackend({ client: client(), credentials, replyTimeoutMs })

  it('are those of every connection, and asked for anew with the next', async () => {
    let password = 'first'
    const backend = open(async () => ({ username: 'turning', password }))
    await everywhere('acl', 'setuser', 'turning', 'reset', 'on', '>first', '~*', '&*', '+@all')
    const held = claimOn(name)
    await backend.tryAcquire(held, terms())
    const stop = new AbortController()
    const waiting = () => backend.waitForTurn?.(claimOn(name), terms(), stop.signal).catch((error: Error) => error)
    const first = waiting()
    password = 'second'
    await everywhere('acl', 'setuser', 'turning', 'resetpass', '>second')
    await everywhere('client', 'kill', 'user', 'turning')
    // What was sent before the end was noticed has no answer.
    const isRenewed = () =>
      backend.renew([{ ...held, ttlMs: 60_000 }]).then(
        ([renewal]) => typeof renewal === 'object',
        () => false,
      )
    await until('it has logged in anew', isRenewed)
    const second = waiting()
    const users = (await everywhere('client', 'list')).join('\n').split('\n')
    expect(users.filter((line) => line.includes('user=turning')).length).toBeGreaterThan(0)
    stop.abort()
    await Promise.all([first, second])
    expect(await backend.release(held)).toBe(true)
    await backend.close?.()
  })

  it('that are wrong are refused', async () => {
    await everywhere('acl', 'setuser', 'turning', 'reset', 'on', '>first', '~*', '&*', '+@all')
    const backend = open(() => ({ username: 'turning', password: 'wrong' }))
    for (let attempt = 0; attempt < 5; attempt += 1)
      await expect(visit(backend, `refused ${name}`)).rejects.toThrow('WRONGPASS')
    await backend.close?.()
  })

  it('may be slow to come, and fail', async () => {
    const failing = open(async () => {
      throw new Error('nobody knows the password')
    })
    await expect(visit(failing, `unknown ${name}`)).rejects.toThrow('nobody knows the password')
    await failing.close?.()
  })
})

it.each([setUps[0], setUps[3]])('credentials that never come are not waited for: $name', async (setUp) => {
  const client = setUp?.client() as Redis
  const backend = redisBackend({ client, credentials: () => new Promise(() => {}), replyTimeoutMs: 200 })
  for (let attempt = 0; attempt < 2; attempt += 1)
    await expect(visit(backend, 'never')).rejects.toThrow('nobody told within 200 ms what to log in with')
  await backend.close?.()
})

it('credentials are told by a function, and not to node-redis', () => {
  const client = new Redis(url, { lazyConnect })
  const credentials = () => ({ password: 'any' })
  expect(() => redisBackend({ client, credentials: 'secret' as never })).toThrow(
    'credentials must be a function that tells username and password',
  )
  const nodeRedis = createClient({ url })
  expect(() => redisBackend({ client: nodeRedis, credentials })).toThrow(
    'give a client of node-redis a credentialsProvider',
  )
  const clients = [client, client, nodeRedis]
  expect(() => redisQuorumBackend({ clients, credentials })).toThrow(TypeError)
})
