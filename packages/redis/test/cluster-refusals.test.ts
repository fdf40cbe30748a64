import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { inspect } from 'node:util'
import { allOf, createLocks, isLeaseholdError, type LockBackend } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { Cluster, Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { nodesOf, startClusterStanding } from './cluster-standing.ts'
import { COMMANDS, COMMANDS_ON_A_CLUSTER, PASSWORD, RIGHTS } from './permissions.ts'

const standing = await startClusterStanding()
const { cluster } = standing
const opened: LockBackend[] = []
for (const node of cluster.nodes)
  await askRedis(
    node,
    'acl',
    'setuser',
    'limited',
    'on',
    `>${PASSWORD}`,
    ...RIGHTS,
    ...COMMANDS,
    ...COMMANDS_ON_A_CLUSTER,
  )
afterAll(async () => {
  for (const backend of opened) await backend.close?.()
  await standing.stop()
})

function openAs(username: string, password: string): LockBackend {
  const places = cluster.nodes.map(({ host, port }) => ({ host, port }))
  const client = new Cluster(places, { lazyConnect: true, redisOptions: { username, password } })
  const backend = redisBackend({ client })
  opened.push(backend)
  return backend
}

describe('a Cluster', () => {
  it('that refuses a password is told from one that is away, and the password is not shown', async () => {
    const backend = openAs('limited', 'wrong-password')
    const error = await createLocks(backend)
      .named('refused')
      .tryAcquire()
      .catch((reason: unknown) => reason)
    expect(isLeaseholdError(error, 'BACKEND_REFUSED')).toBe(true)
    for (const thing of [error, backend])
      expect(inspect(thing, { depth: 9, showHidden: true })).not.toContain('wrong-password')
  })

  it('of which one node refuses its part of a group keeps nothing of the other parts', async () => {
    const keys = ['group {a2n}', 'group {lbt}'] as const
    const [first, last] = [keyNames('leasehold:', keys[0]), keyNames('leasehold:', keys[1])]
    const [kind] = await nodesOf(standing, slotOf(first.hold))
    const [unkind] = await nodesOf(standing, slotOf(last.hold))
    const user = ['acl', 'setuser', 'partly', 'on', `>${PASSWORD}`, ...RIGHTS, ...COMMANDS, ...COMMANDS_ON_A_CLUSTER]
    for (const node of cluster.nodes) await askRedis(node, ...user)
    await askRedis(unkind, 'acl', 'setuser', 'partly', '-eval')
    const locks = createLocks(openAs('partly', PASSWORD))
    await expect(allOf(locks, keys).acquire()).rejects.toMatchObject({ code: 'BACKEND_REFUSED' })
    expect(await askRedis(kind, 'exists', first.token)).toBe('1')
    await until('it is given back', async () => (await askRedis(kind, 'exists', first.hold)) === '0')
    await locks.close()
  })

  it('that is away is unavailable', async () => {
    const client = new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true })
    const backend = redisBackend({ client })
    const error = await createLocks(backend)
      .named('away')
      .tryAcquire()
      .catch((reason: unknown) => reason)
    expect(isLeaseholdError(error, 'BACKEND_UNAVAILABLE')).toBe(true)
    expect((error as Error).message).toContain('ECONNREFUSED')
    await backend.close?.()
  })

  it('that does not speak TLS says why it could not be reached', async () => {
    const wordy = createServer((socket) => void socket.end('-ERR this is no TLS\r\n')).listen(0, '127.0.0.1')
    await once(wordy, 'listening')
    const { port } = wordy.address() as AddressInfo
    const client = new Cluster([{ host: '127.0.0.1', port }], { lazyConnect: true, redisOptions: { tls: {} } })
    const backend = redisBackend({ client })
    await expect(createLocks(backend).named('plain').tryAcquire()).rejects.toThrow(/wrong version number|SSL|TLS/)
    await backend.close?.()
    wordy.close()
  })

  it('that is taken for one node says that a Cluster is to be passed', async () => {
    const [node] = cluster.nodes as [Server]
    const backend = redisBackend({ client: new Redis(node.url, { lazyConnect: true }) })
    const locks = createLocks(backend)
    const attempts = Array.from({ length: 12 }, (_, index) => locks.named(`one node ${index}`).tryAcquire())
    const outcomes = await Promise.allSettled(attempts)
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))
    expect(errors.length).toBeGreaterThan(0)
    // What was under way when the first was told has no answer.
    const isTold = (error: unknown) => isLeaseholdError(error, 'BACKEND_REFUSED')
    expect(errors.filter(isTold).map(({ message }) => message)).toContainEqual(
      expect.stringContaining('one of 3 masters of a Cluster: pass a Cluster of ioredis'),
    )
    await locks.close()
  })

  it('needs no more than the documented commands, keys and channels', async () => {
    const [one, other] = [
      createLocks(openAs('limited', PASSWORD)),
      createLocks(openAs('limited', PASSWORD), { pollMs: 60_000 }),
    ]
    const lease = await one.named('limited').acquire({ metadata: { who: 'a' } })
    await lease.renew()
    let told = false
    const next = other.named('limited').acquire()
    void next.then(() => {
      told = true
    })
    await until('it stands in line', async () => {
      const lines = cluster.nodes.map((node) => askRedis(node, 'keys', 'leasehold:*:limited:queue'))
      return (await Promise.all(lines)).some((line) => line !== '')
    })
    expect(told).toBe(false)
    expect(await lease.release()).toBe('released')
    expect(await (await next).release()).toBe('released')
    const group = await allOf(one, ['limited', 'too', 'and another']).acquire()
    expect(await group.release()).toBe('released')
    await Promise.all([one.close(), other.close()])
  })
})

describe('a Cluster without channels of shards', () => {
  it('tells everybody', async () => {
    const old = await startClusterStanding({ 'rename-command': 'SSUBSCRIBE ""' })
    const [one, other] = [createLocks(old.open()), createLocks(old.open(), { pollMs: 60_000 })]
    const lease = await one.named('old').acquire()
    const next = other.named('old').acquire()
    const line = keyNames('leasehold:', 'old').queue
    const [server] = await nodesOf(old, slotOf(line))
    await until('it stands in line', async () => (await askRedis(server, 'exists', line)) === '1')
    await lease.release()
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
    await old.stop()
  })
})
