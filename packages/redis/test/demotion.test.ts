import { setTimeout as pause } from 'node:timers/promises'
import { createLocks, systemClock } from '@leasehold/core'
import { askRedis, type Server, startRedisReplica, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { type RedisClient, redis } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, startStanding, terms, visit } from './standing.ts'

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
  const backend = redis({ client: new Redis(former.url, { lazyConnect: true }), clock })
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

it('a former primary tells nobody of a key that goes to somebody else, and is left by who listens to it', async () => {
  const { hold, queue } = keyNames('leasehold:', 'told')
  const holder = claimOn('told')
  await open().tryAcquire(holder, terms())
  const { told, end } = await waitAtFormer('told')
  await until('both have the line', async () => (await askRedis(primary, 'exists', hold, queue)) === '2')
  const held = claimOn('left')
  await open().tryAcquire(held, terms())
  const patient = createLocks(redis({ client: following }), { pollMs: 60_000 })
  const next = patient.lock('left').acquire()
  const line = keyNames('leasehold:', 'left').queue
  await until('both have the other line', async () => (await askRedis(primary, 'exists', line)) === '1')

  await askRedis(primary, 'replicaof', 'no', 'one')
  found = primary
  await askRedis(former, 'replicaof', primary.host, String(primary.port))
  await until('the former primary follows', async () =>
    (await askRedis(former, 'info', 'replication')).includes('master_link_status:up'),
  )
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
  const backend = redis({ client: following })
  await backend.inspect?.('at a replica')
  found = former
  const turn = backend.waitForTurn?.(claimOn('at a replica'), terms(), new AbortController().signal)
  await expect(turn).rejects.toThrow('READONLY')
  found = primary
  await backend.close?.()
})

it('a replica that knows no primary is left, too', async () => {
  const backend = redis({ client: following })
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
