import { allOf, createLocks, shared } from '@leasehold/core'
import { askRedis, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redisQuorumBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { startQuorumStanding } from './quorum-standing.ts'

const PASSWORD = 'open-sesame'
const COMMANDS = ['evalsha', 'eval', 'get', 'set', 'del', 'exists', 'time', 'info', 'publish', 'subscribe']
  .concat(['pubsub|numsub', 'hget', 'hset', 'hdel', 'hmget', 'pttl', 'pexpire', 'lindex', 'lpop', 'lrem', 'rpush'])
  .map((command) => `+${command}`)

const standing = await startQuorumStanding(3, { appendonly: 'yes' })
const { servers, urls, open, holds } = standing
const [a = '', b = '', c = ''] = urls
beforeAll(async () => {
  const rights = ['~leasehold-quorum:*', 'resetchannels', '&leasehold-quorum:*', '-@all', ...COMMANDS]
  for (const server of servers) await askRedis(server, 'acl', 'setuser', 'limited', 'on', `>${PASSWORD}`, ...rights)
})
afterAll(standing.stop)

describe('clients of a quorum', () => {
  it('are three or more', () => {
    const client = new Redis(a, { lazyConnect: true })
    for (const clients of [[], [client, client]]) expect(() => redisQuorumBackend({ clients })).toThrow(TypeError)
    const cluster = Object.assign(new Redis({ lazyConnect: true }), { isCluster: true })
    expect(() => redisQuorumBackend({ clients: [client, client, cluster] })).toThrow('Cluster')
    for (const maxTtlMs of [0, 0.5, Number.NaN])
      expect(() => redisQuorumBackend({ clients: [client, client, client], maxTtlMs })).toThrow(RangeError)
    const replyTimeoutMs = 2 ** 31
    expect(() => redisQuorumBackend({ clients: [client, client, client], replyTimeoutMs })).toThrow(RangeError)
  })

  it('of one server have one vote', async () => {
    await expect(open([a, a, a]).tryAcquire(claimOn('same'), terms())).rejects.toThrow('of the same server')
    await until('nothing is left', async () => (await holds('same')) === '000')
    expect(await open([a, b, a]).tryAcquire(claimOn('two'), terms())).toMatchObject({ granted: true })
  })

  it('with a wrong password are refused', async () => {
    const locks = createLocks(open(urls, {}, { username: 'limited', password: 'wrong' }))
    await expect(locks.named('refused').tryAcquire()).rejects.toMatchObject({ code: 'BACKEND_REFUSED' })
  })

  it('limited to the documented commands, keys and channels can do everything', async () => {
    const limited = { username: 'limited', password: PASSWORD }
    const [one, other] = [
      createLocks(open(urls, {}, limited)),
      createLocks(open(urls, {}, limited), { pollMs: 60_000 }),
    ]
    const lease = await one.named('limited').acquire({ metadata: { who: 'a' } })
    await lease.renew()
    expect(await other.named('limited').inspect()).toMatchObject([{ metadata: { who: 'a' } }])
    const next = other.named('limited').acquire()
    const inLine = () => askRedis(servers[0] ?? { port: 0 }, 'llen', keyNames('leasehold-quorum:', 'limited').queue)
    await until('it stands in line', async () => (await inLine()) === '1')
    expect(await lease.release()).toBe('released')
    expect(await (await next).release()).toBe('released')
    const group = await allOf(one, ['limited', 'too']).acquire()
    expect(await group.release()).toBe('released')
  })

  it('limited like that, but for one more command, can share keys', async () => {
    for (const server of servers) await askRedis(server, 'acl', 'setuser', 'limited', '+hgetall')
    const limited = { username: 'limited', password: PASSWORD }
    const [one, other] = [
      createLocks(open(urls, {}, limited)),
      createLocks(open(urls, {}, limited), { pollMs: 60_000 }),
    ]
    const leases = [await shared(one, 'shared').acquire(), await shared(other, 'shared').acquire()]
    for (const lease of leases) await lease.renew()
    expect(await other.named('shared').inspect()).toHaveLength(2)
    const writer = other.named('shared').acquire()
    const inLine = () => askRedis(servers[0] ?? { port: 0 }, 'llen', keyNames('leasehold-quorum:', 'shared').queue)
    await until('it stands in line', async () => (await inLine()) === '1')
    const reader = shared(one, 'shared').acquire()
    await until('a reader stands behind it', async () => (await inLine()) === '2')
    for (const lease of leases) expect(await lease.release()).toBe('released')
    expect(await (await writer).release()).toBe('released')
    expect(await (await reader).release()).toBe('released')
    for (const server of servers) await askRedis(server, 'acl', 'setuser', 'limited', '-hgetall')
  })

  it('of servers that were started a moment ago, and forget, are told to wait', async () => {
    const addresses = urls
    const clients = addresses.map((address) => new Redis(address))
    const locks = createLocks(redisQuorumBackend({ clients }))
    const failure = await locks.named('young').tryAcquire().catch(String)
    expect(failure).toContain('has restarted')
    for (const client of clients) client.disconnect()
    await locks.close()
  })

  it('that wait take their turns: nobody starves', async () => {
    const everybody = [a, b, c].map(() => createLocks(open(), { whenHeld: 'wait' }))
    const turns = everybody.map(() => 0)
    const least = 15
    const contend = async (index: number) => {
      while (Math.min(...turns) < least) {
        await using _ = await everybody[index]?.named('crowd').acquire()
        turns[index] = (turns[index] ?? 0) + 1
      }
    }
    await Promise.all(everybody.map((_, index) => contend(index)))
    expect(Math.max(...turns)).toBeLessThan(least * 4)
  })
})
