import { createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, until } from '@leasehold/test-services'
import { createClient as createClient5, RESP_TYPES } from 'redis'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient6, RESP_TYPES as RESP_TYPES_6 } from 'redis6'
import { afterAll, describe, expect, it } from 'vitest'
import { redisBackend, redisQuorumBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { libraries } from './client-libraries.ts'
import { startQuorumStanding } from './quorum-standing.ts'
import { startStanding, visit } from './standing.ts'

const standing = await startStanding()
const quorum = await startQuorumStanding(3, { appendonly: 'yes' })
const { ask, server } = standing
const { url } = server
afterAll(() => Promise.all([standing.stop(), quorum.stop()]))

/** As few would set them, and none of them good for locks. */
const odd = {
  url: `${url}/3`,
  pingInterval: 1,
  readonly: true,
  clientInfoTag: 'odd',
  commandsQueueMaxLength: 1,
  disableOfflineQueue: false,
  socket: { reconnectStrategy: () => 1, socketTimeout: 10, connectTimeout: 1, keepAlive: false as never },
}

const oddClients: [library: string, open: () => LockBackend][] = [
  ['node-redis 4', () => redisBackend({ client: createClient4({ ...odd, legacyMode: true }) })],
  [
    'node-redis 5',
    () =>
      redisBackend({
        client: createClient5({
          ...odd,
          RESP: 3,
          clientSideCache: { maxEntries: 10 },
          commandOptions: {
            timeout: 1,
            typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer, [RESP_TYPES.NUMBER]: String },
          },
        }),
      }),
  ],
  [
    'node-redis 6',
    () =>
      redisBackend({
        client: createClient6({
          ...odd,
          keyPrefix: 'app:',
          maintNotifications: 'enabled',
          emitInvalidate: true,
          commandOptions: {
            timeout: 1,
            typeMapping: { [RESP_TYPES_6.BLOB_STRING]: Buffer, [RESP_TYPES_6.NUMBER]: String },
          },
        }),
      }),
  ],
]

describe.each(oddClients)('whatever your client of %s is set to', (library, open) => {
  it('its locks work, in its database and after its prefix', async () => {
    const key = `odd ${library}`
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const { queue } = keyNames(library === 'node-redis 6' ? 'app:leasehold:' : 'leasehold:', key)
    const lease = await one.named(key).acquire()
    const next = other.named(key).acquire({ waitMs: 60_000 })
    await until('it stands in line', async () => (await ask('-n', '3', 'exists', queue)) === '1')
    await lease.renew()
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    expect(await ask('client', 'list')).not.toContain('lib-name=node-redis')
    await Promise.all([one.close(), other.close()])
  })
})

describe('credentials that change', () => {
  it.each([
    ['node-redis 5', createClient5],
    ['node-redis 6', createClient6 as unknown as typeof createClient5],
  ])('are asked for with every connection: %s', async (library, createClient) => {
    let password = 'first'
    let asked = 0
    const credentials = async () => {
      asked += 1
      return { username: 'turning', password }
    }
    const client = createClient({ url, credentialsProvider: { type: 'async-credentials-provider', credentials } })
    await ask('acl', 'setuser', 'turning', 'reset', 'on', '>first', '~*', '&*', '+@all')
    const backend = redisBackend({ client })
    await visit(backend, `turning ${library}`)
    expect(asked).toBe(1)
    password = 'second'
    await ask('acl', 'setuser', 'turning', 'resetpass', '>second')
    await ask('client', 'kill', 'type', 'normal')
    await until('it has logged in anew', () =>
      visit(backend, `turning ${library}`).then(
        () => true,
        () => false,
      ),
    )
    expect(asked).toBe(2)
    await backend.close?.()
  })

  it.each([
    ['node-redis 5', createClient5],
    ['node-redis 6', createClient6 as unknown as typeof createClient5],
  ])('may be slow to come, and fail: %s', async (library, createClient) => {
    const credentials = async () => {
      throw new Error('nobody knows the password')
    }
    const client = createClient({ url, credentialsProvider: { type: 'async-credentials-provider', credentials } })
    const backend = redisBackend({ client })
    await expect(visit(backend, `unknown ${library}`)).rejects.toThrow('nobody knows the password')
    await backend.close?.()
    const never = () => new Promise<never>(() => {})
    const mute = createClient({ url, credentialsProvider: { type: 'async-credentials-provider', credentials: never } })
    const waiting = redisBackend({ client: mute, replyTimeoutMs: 200 })
    await expect(visit(waiting, `unknown ${library}`)).rejects.toThrow('no answer within 200 ms')
    await waiting.close?.()
  })
})

interface Credentials {
  readonly username: string
  readonly password: string
}

describe('credentials that are told as they change', () => {
  it.each([
    ['node-redis 5 in RESP3', createClient5],
    ['node-redis 6', createClient6 as unknown as typeof createClient5],
  ])('are used on connections that stand, and asked for no longer than they do: %s', async (library, createClient) => {
    const heard = new Set<(credentials: Credentials) => void>()
    let password = 'first'
    const credentialsProvider = {
      type: 'streaming-credentials-provider' as const,
      subscribe: async ({ onNext }: { onNext(credentials: Credentials): void }) => {
        heard.add(onNext)
        const told: [Credentials, { dispose(): void }] = [
          { username: 'told', password },
          { dispose: () => void heard.delete(onNext) },
        ]
        return told
      },
      onReAuthenticationError: () => {},
    }
    const client = createClient({ url, RESP: 3, credentialsProvider })
    await ask('acl', 'setuser', 'told', 'reset', 'on', '>first', '>second', '~*', '&*', '+@all')
    const backend = redisBackend({ client })
    await backend.tryAcquire(claimOn(`told ${library}`), terms())
    const stop = new AbortController()
    const turn = backend.waitForTurn?.(claimOn(`told ${library}`), terms(), stop.signal)
    await until('both connections stand', () => heard.size === 2)
    await until(
      'it stands in line',
      async () => (await ask('exists', keyNames('leasehold:', `told ${library}`).queue)) === '1',
    )
    await ask('config', 'resetstat')
    for (const tell of heard) tell({ username: 'told', password: 'second' })
    await until('both have logged in anew', async () =>
      (await ask('info', 'commandstats')).includes('cmdstat_auth:calls=2'),
    )
    stop.abort()
    await turn
    await backend.close?.()
    expect(heard.size).toBe(0)
    password = 'wrong'
    const refused = redisBackend({ client })
    await expect(visit(refused, 'any')).rejects.toThrow('WRONGPASS')
    expect(heard.size).toBe(0)
    await refused.close?.()
  })
})

describe.each(libraries)('a quorum of clients of $library', ({ library, client }) => {
  it('locks, waits and hands over', async () => {
    const open = () => redisQuorumBackend({ clients: quorum.urls.map((each) => client(each)), durable: true })
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named(library).acquire()
    const next = other.named(library).acquire({ waitMs: 60_000 })
    const { queue } = keyNames('leasehold-quorum:', library)
    const [first = { port: 0 }] = quorum.servers
    await until('it stands in line', async () => (await askRedis(first, 'exists', queue)) === '1')
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })

  it('knows a server that two clients reach', async () => {
    const [first = ''] = quorum.urls
    const backend = redisQuorumBackend({ clients: [first, first, first].map((each) => client(each)), durable: true })
    await expect(backend.tryAcquire(claimOn(library), terms())).rejects.toThrow('of the same server')
    await backend.close?.()
  })
})
