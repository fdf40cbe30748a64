import { Cluster, Redis } from 'ioredis'
import { createClient, createClientPool, createSentinel } from 'redis'
import { createClient as createClient4, createCluster as createCluster4 } from 'redis4'
import {
  createClientPool as createClientPool6,
  createCluster as createCluster6,
  createSentinel as createSentinel6,
} from 'redis6'
import { describe, expect, it } from 'vitest'
import { fencedSet, redisBackend, redisQuorumBackend } from '../src/index.ts'

// No server is needed: all of it is told before anything is sent.
const url = 'redis://127.0.0.1:1'
const place = { host: '127.0.0.1', port: 1 }
const ioredis = () => new Redis(url, { lazyConnect: true })
const nodeRedis = () => createClient({ url })

const CLUSTER = 'createCluster() of node-redis tells how its nodes are reached from 5.5 on'
const SENTINEL =
  'createSentinel() of node-redis tells nobody how it connects: pass createClient(options.nodeClientOptions) as client'
const POOL = 'createClientPool() of node-redis is not supported: pass a client'

const unsupported: [what: string, client: unknown, message: string][] = [
  ['a cluster of node-redis 4', createCluster4({ rootNodes: [{ url }] }), CLUSTER],
  ['sentinels of node-redis 5', createSentinel({ name: 'any', sentinelRootNodes: [place] }), SENTINEL],
  ['sentinels of node-redis 6', createSentinel6({ name: 'any', sentinelRootNodes: [place] }), SENTINEL],
  ['a pool of node-redis 5', createClientPool({ url }), POOL],
  ['a pool of node-redis 6', createClientPool6({ url }), POOL],
  ['a client of node-redis 3', { internal_send_command: () => {}, duplicate: () => {}, options: {} }, 'node-redis 3'],
  ['a client of valkey-glide', { customCommand: async () => {} }, '@valkey/valkey-glide connects again by itself'],
  [
    "Bun's client",
    { bufferedAmount: 0, onclose: null, send: async () => {}, duplicate: async () => {} },
    "Bun's RedisClient tells nobody its address",
  ],
]

const noClients: [what: string, client: unknown, got: string][] = [
  ['nothing', undefined, 'undefined'],
  ['null', null, 'null'],
  ['an address', url, 'a string: make a client first'],
  ['options of a client', place, 'an object that is no client'],
  ['a class', Redis, 'a function: make a client first'],
  ['some other thing', new Map(), 'a Map'],
  ['what is duplicated in another way', { duplicate: async () => {} }, 'an object that is no client'],
]

const wrongOptions: [what: string, options: unknown, rule: string][] = [
  ['nothing', undefined, 'takes an object; got undefined'],
  ['an address', url, 'takes an object; got a string'],
  ['a client of ioredis', ioredis(), 'takes your client inside of an object'],
  ['a Cluster of ioredis', new Cluster([place], { lazyConnect: true }), 'takes your client inside of an object'],
  ['a client of node-redis', nodeRedis(), 'takes your client inside of an object'],
]

/** Message and kind of what is thrown. */
function thrownBy(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    return String(error)
  }
  return 'nothing was thrown'
}

describe('redisBackend', () => {
  it.each(unsupported)('names what it does not take: %s', (_, client, message) => {
    expect(thrownBy(() => redisBackend({ client: client as never }))).toContain(`TypeError: client: ${message}`)
  })

  it.each(noClients)('says what a client is: %s', (_, client, got) => {
    const thrown = thrownBy(() => redisBackend({ client: client as never }))
    expect(thrown).toMatch(/^TypeError: client must be a client of ioredis 5, iovalkey or node-redis 4/)
    expect(thrown).toContain(`; got ${got}`)
  })

  it.each(wrongOptions)('says how it is called: %s', (_, options, rule) => {
    expect(thrownBy(() => redisBackend(options as never))).toContain(`TypeError: redisBackend({ client }) ${rule}`)
  })

  it('says how it is called: options of a client', () => {
    expect(thrownBy(() => redisBackend(place as never))).toContain('TypeError: client must be a client of ioredis')
  })
})

describe('redisQuorumBackend', () => {
  it('takes no Cluster of node-redis', () => {
    const client = createCluster6({ rootNodes: [{ url }] })
    const clients = [ioredis(), nodeRedis(), client as never]
    expect(thrownBy(() => redisQuorumBackend({ clients }))).toContain('a Cluster is none')
  })

  const clientsWith = (client: unknown) => ({ clients: [ioredis(), nodeRedis(), client as never] })

  it.each(unsupported)('names what it does not take: %s', (what, client, message) => {
    const rule = what.includes('cluster') ? 'redisQuorumBackend({ clients }) takes' : `clients[2]: ${message}`
    expect(thrownBy(() => redisQuorumBackend(clientsWith(client)))).toContain(`TypeError: ${rule}`)
  })

  it.each(noClients)('says what a client is: %s', (_, client, got) => {
    const thrown = thrownBy(() => redisQuorumBackend(clientsWith(client)))
    expect(thrown).toContain('TypeError: clients[2] must be a client of ioredis')
    expect(thrown).toContain(`; got ${got}`)
  })

  it.each(wrongOptions)('says how it is called: %s', (_, options, rule) => {
    expect(thrownBy(() => redisQuorumBackend(options as never))).toContain(
      `TypeError: redisQuorumBackend({ clients }) ${rule}`,
    )
  })
})

describe('fencedSet', () => {
  it('takes no client that answers by callbacks', async () => {
    const client = createClient4({ url, legacyMode: true })
    await expect(fencedSet(client, 'any', 'value', 1n)).rejects.toThrow('client must not be in legacyMode')
  })

  // Single commands can be sent over these.
  const commanding = unsupported.filter(([what]) => !/^(a cluster|sentinels) of/.test(what))

  it.each([...commanding, ...noClients])('takes no client that it cannot use: %s', async (_, client, message) => {
    await expect(fencedSet(client as never, 'any', 'value', 1n)).rejects.toThrow(TypeError)
    await expect(fencedSet(client as never, 'any', 'value', 1n)).rejects.toThrow(message)
  })
})
