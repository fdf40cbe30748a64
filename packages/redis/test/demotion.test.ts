import { setTimeout as pause } from 'node:timers/promises'
import { createLocks, type Lease, type LockEvent, type Locks, systemClock } from '@leasehold/core'
import { askRedis, type Server, startRedisReplica, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { type RedisClient, redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { startStanding, visit } from './standing.ts'

// A primary that hands over to its replica, and lives on as the replica of that one. Who is connected to it stays connected.
const standing = await startStanding()
const { server: former, open } = standing
const primary = await startRedisReplica(former)
afterAll(async () => {
  await primary.stop()
  await standing.stop()
})

/** Where a client finds the primary that asks for it now. */
let found = former
const following: RedisClient = {
  options: {},
  duplicate: (override) => new Redis(found.url, { lazyConnect: true }).duplicate(override),
}

/** Says nothing by itself: neither heartbeat nor retry. */
const clock = { now: () => systemClock.now(), setTimer: () => () => {} }

async function waitAtFormer(key: string) {
  const backend = redisBackend({ client: new Redis(former.url, { lazyConnect: true }) })
  backend.attach?.({ clock, lost: () => {}, advise: () => {} })
  const stop = new AbortController()
  const told: unknown[] = []
  const turn = backend.waitForTurn?.(claimOn(key), terms(), stop.signal).then((grant) => told.push(grant))
  const end = async () => {
    stop.abort()
    await turn
    await backend.close?.()
  }
  return { told, end }
}

const isListenedTo = (node: Server) => async () => (await askRedis(node, 'pubsub', 'channels', 'leasehold:*')) !== ''

const isPrimary = (node: Server) => async () => (await askRedis(node, 'info', 'replication')).includes('role:master')
const follows = (node: Server) => async () =>
  (await askRedis(node, 'info', 'replication')).includes('master_link_status:up')

it('servers that hand over to each other have one holder at a time', async () => {
  const lost: unknown[] = []
  const onEvent = (event: LockEvent) => event.type === 'lost' && event.reason !== 'expired' && lost.push(event)
  const backends = Array.from({ length: 4 }, () => redisBackend({ client: following }))
  const everybody = backends.map((backend) => createLocks(backend, { ttlMs: 3000, waitMs: 30_000, onEvent }))
  const leases: Lease[] = []
  let done = false
  const contend = async (locks: Locks) => {
    while (!done) {
      const lease = await locks.named('handed over').acquire()
      expect(leases.filter(({ remainingMs }) => remainingMs > 0)).toEqual([])
      expect(lease.fencingToken).toBeGreaterThan(leases.at(-1)?.fencingToken ?? 0n)
      leases.push(lease)
      await pause(5)
      // One that meets a server which hands over just now may get no answer, and is over within its TTL.
      await lease.release().catch(() => {})
    }
  }
  const contending = Promise.all(everybody.map(contend))
  for (const [from, to] of [
    [former, primary],
    [primary, former],
  ] as const) {
    const had = leases.length
    await until('they have had turns', () => leases.length > had + 20)
    await askRedis(from, 'failover', 'to', to.host, String(to.port))
    await until('it is the primary', isPrimary(to))
    found = to
    await until('the other one follows', follows(from))
  }
  done = true
  await contending
  expect(lost).toEqual([])
  for (const locks of everybody) await locks.close()
})

it('a former primary tells nobody of a key that goes to somebody else, and is left by who listens to it', async () => {
  const { hold, queue } = keyNames('leasehold:', 'told')
  const holder = claimOn('told')
  await open().tryAcquire(holder, terms())
  const { told, end } = await waitAtFormer('told')
  await until('both have the line', async () => (await askRedis(primary, 'exists', hold, queue)) === '2')
  const held = claimOn('left')
  await open().tryAcquire(held, terms())
  const patient = createLocks(redisBackend({ client: following }), { pollMs: 60_000, onAdvice: () => {} })
  const next = patient.named('left').acquire({ waitMs: 60_000 })
  const line = keyNames('leasehold:', 'left').queue
  await until('both have the other line', async () => (await askRedis(primary, 'exists', line)) === '1')

  await askRedis(primary, 'replicaof', 'no', 'one')
  found = primary
  await askRedis(former, 'replicaof', primary.host, String(primary.port))
  await until('the former primary follows', follows(former))
  const there = open({}, primary.url)
  expect(await there.release(holder)).toBe(true)
  expect(await there.tryAcquire(claimOn('told'), terms())).toMatchObject({ granted: true })
  await pause(200)
  expect(told).toEqual([])
  await end()

  await until('whoever waits listens to the new primary', isListenedTo(primary))
  await until('and stands in its line', async () => (await askRedis(primary, 'exists', line)) === '1')
  await there.release(held)
  await (await next).release()
  await patient.close()
})

it('nobody listens to a replica', async () => {
  const held = claimOn('at a replica')
  await open({}, primary.url).tryAcquire(held, terms())
  const backend = redisBackend({ client: following })
  await backend.inspect?.('at a replica')
  found = former
  const turn = backend.waitForTurn?.(claimOn('at a replica'), terms(), new AbortController().signal)
  await expect(turn).rejects.toThrow('READONLY')
  found = primary
  await backend.close?.()
})

it('a replica that knows no primary is left, too', async () => {
  const backend = redisBackend({ client: following })
  found = former
  await backend.inspect?.('orphaned')
  found = primary
  await askRedis(former, 'config', 'set', 'replica-serve-stale-data', 'no')
  await askRedis(former, 'replicaof', '127.0.0.1', '1')
  await expect(backend.inspect?.('orphaned')).rejects.toThrow('MASTERDOWN')
  await until('another is asked', () =>
    visit(backend, 'orphaned').then(
      () => true,
      () => false,
    ),
  )
  await backend.close?.()
})
