import { setTimeout as pause } from 'node:timers/promises'
import { annotate, createLocks, forceRelease, type Grant, type LockBackend, list, shared } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { redisBackend } from '../src/index.ts'
import { forcedName, keyNames } from '../src/key-names.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { migrate, nodesOf, startClusterStanding } from './cluster-standing.ts'
import { COMMANDS, COMMANDS_FOR_OPERATORS, COMMANDS_FOR_SHARES, PASSWORD, RIGHTS } from './permissions.ts'
import { scriptsRun, startStanding } from './standing.ts'

const node = await startStanding()
const clustered = await startClusterStanding()
afterAll(() => Promise.all([node.stop(), clustered.stop()]))

const HOUR_MS = 3_600_000
const { ask } = node
const never = new AbortController().signal

async function taken(backend: LockBackend, claim = claimOn('taken'), ttlMs?: number) {
  const grant = (await backend.tryAcquire(claim, terms(ttlMs))) as Grant
  expect(grant).toMatchObject({ granted: true })
  return { claim, grant }
}

const listed = async (backend: LockBackend, prefix: string, limit = 1000) =>
  ((await backend.list?.(prefix, limit)) ?? []).map(({ key }) => key).toSorted()

const setUps = [
  { name: 'one node', open: () => node.open() },
  { name: 'a Cluster', open: () => clustered.open() },
]

const ODD = ['a*b', 'axb', 'a?b', 'a[x]b', 'a\\b', 'a\\*b', 'a{x}b', 'a}b', 'a:hold', 'a\nb', 'aéb', 'A*B', '{a}b']

describe.each(setUps)('a list on $name', ({ open }) => {
  it('goes by what the keys begin with, whatever characters those are', async () => {
    const backend = open()
    await Promise.all(ODD.map((key) => taken(backend, claimOn(key))))
    for (const prefix of [...ODD, 'a', 'a*', 'a?', 'a[', 'a\\', '*', '[', '{', '{a}', '?', 'hold'])
      expect(await listed(backend, prefix)).toEqual(ODD.filter((key) => key.startsWith(prefix)).toSorted())
    expect(await listed(backend, '')).toEqual(ODD.toSorted())
  })

  it('finds what all servers have, and no more than was asked for', async () => {
    const backend = open()
    const keys = Array.from({ length: 300 }, (_, index) => (index % 3 ? `many ${index}` : `many {${index}}`))
    await Promise.all(keys.map((key) => taken(backend, claimOn(key))))
    expect(await listed(backend, 'many ')).toEqual(keys.toSorted())
    expect(await listed(backend, 'many ', 7)).toHaveLength(7)
  })

  it('leaves out what has ended, and who only waits', async () => {
    const [backend, waiter] = [open(), open()]
    const short = await taken(backend, claimOn('ended short'), 100)
    const [left, dead] = [await taken(backend, shareOf('ended', SHARED)), shareOf('ended', SHARED)]
    await taken(backend, dead, 100)
    const stop = new AbortController()
    const turn = waiter.waitForTurn?.(claimOn('ended'), terms(), stop.signal)
    await pause(110)
    expect(await backend.list?.('ended', 10)).toMatchObject([
      { key: 'ended', share: SHARED, fencingToken: left.grant.fencingToken },
    ])
    expect(await backend.renew([{ ...short.claim, ttlMs: 1000 }])).toEqual(['gone'])
    stop.abort()
    await turn
  })

  it('tells why each of many is gone, wherever their keys are', async () => {
    const backend = open()
    const holds = await Promise.all(Array.from({ length: 40 }, (_, index) => taken(backend, claimOn(`why ${index}`))))
    const forced = holds.filter((_, index) => index % 2)
    for (const { claim } of forced) expect(await backend.forceRelease?.(claim.key, `of ${claim.key}`)).toBe(1)
    const answers = await backend.renew(holds.map(({ claim }) => ({ ...claim, ttlMs: 60_000 })))
    const told = (index: number) =>
      index % 2 ? `gone: of why ${index}` : expect.objectContaining({ granted: true, ttlMs: 60_000 })
    expect(answers).toEqual(holds.map((_, index) => told(index)))
  })
})

describe('a list', () => {
  it('is of this prefix alone', async () => {
    const client = new Redis(node.server.url, { lazyConnect: true })
    const other = redisBackend({ client, prefix: 'leasehold:hold:' })
    await taken(other, claimOn('theirs'))
    await taken(node.open(), claimOn('theirs too'))
    expect(await listed(node.open(), 'theirs')).toEqual(['theirs too'])
    expect(await listed(other, '')).toEqual(['theirs'])
    await other.close?.()
  })
})

describe('what was ended by force', () => {
  it('is told for an hour, and kept no longer than that', async () => {
    const backend = node.open()
    const name = forcedName('leasehold:', 'hour')
    const [first, old] = [await taken(backend, claimOn('hour')), claimOn('hour').holder]
    await backend.forceRelease?.('hour', 'the first')
    await ask('hset', name, old, '1000 long ago')
    const second = await taken(backend, shareOf('hour', permits(3, 2)))
    const third = await taken(backend, shareOf('hour', permits(3)))
    expect(await backend.forceRelease?.('hour', 'the others')).toBe(2)
    expect(await ask('hexists', name, old)).toBe('0')
    const left = Number(await ask('pttl', name))
    expect(left).toBeGreaterThan(HOUR_MS - 60_000)
    expect(left).toBeLessThanOrEqual(HOUR_MS)
    const renewals = [first, second, third].map(({ claim }) => ({ ...claim, ttlMs: 1000 }))
    expect(await backend.renew(renewals)).toEqual(['gone: the first', 'gone: the others', 'gone: the others'])
    await ask('del', name)
    expect(await backend.renew(renewals)).toEqual(['gone', 'gone', 'gone'])
  })

  it('costs a script more where something is gone, and nothing elsewhere', async () => {
    const backend = node.open()
    const [held, gone] = [await taken(backend, claimOn('cost')), claimOn('cost')]
    const before = await scriptsRun(node)
    await backend.renew([{ ...held.claim, ttlMs: 60_000 }])
    expect(await scriptsRun(node)).toBe(before + 1)
    await backend.renew([held.claim, gone].map((claim) => ({ ...claim, ttlMs: 60_000 })))
    expect(await scriptsRun(node)).toBe(before + 3)
  })

  it('is gone although nobody can be asked why', async () => {
    const backend = node.open()
    const { claim } = await taken(backend, claimOn('no reason'))
    await backend.forceRelease?.('no reason', 'not to be read')
    await ask('del', forcedName('leasehold:', 'no reason'))
    await ask('set', forcedName('leasehold:', 'no reason'), 'of another type')
    expect(await backend.renew([{ ...claim, ttlMs: 1000 }])).toEqual(['gone'])
  })

  it('is given to those who wait, all who fit', async () => {
    const [backend, waiter] = [node.open(), node.open()]
    const { grant } = await taken(backend, claimOn('line'))
    const readers = [shareOf('line', SHARED), shareOf('line', SHARED)]
    const turns = readers.map((claim) => waiter.waitForTurn?.(claim, terms(), never))
    await until('both wait', async () => (await ask('llen', keyNames('leasehold:', 'line').queue)) === '2')
    expect(await backend.forceRelease?.('line', 'for the readers')).toBe(1)
    for (const turn of turns) expect((await turn)?.fencingToken).toBeGreaterThan(grant.fencingToken + 9n)
  })

  it('is ended out of memory, too', async () => {
    const backend = node.open()
    const { claim } = await taken(backend, claimOn('full'))
    await ask('config', 'set', 'maxmemory', '1')
    const ended = await backend.forceRelease?.('full', 'to make room')
    const renewed = await backend.renew([{ ...claim, ttlMs: 1000 }])
    await ask('config', 'set', 'maxmemory', '0')
    expect([ended, renewed]).toEqual([1, ['gone: to make room']])
  })

  it('is told on a Cluster also while its slot is on its way', async () => {
    const backend = clustered.open()
    const holds = [await taken(backend, claimOn('one {move}')), await taken(backend, claimOn('other {move}'))]
    for (const { claim } of holds) await backend.forceRelease?.(claim.key, claim.key)
    const slot = slotOf(keyNames('leasehold:', 'one {move}').hold)
    const [source, target] = await nodesOf(clustered, slot)
    const migration = await migrate(slot, source as Server, target as Server)
    await migration.move(forcedName('leasehold:', 'one {move}'))
    expect(await backend.renew(holds.map(({ claim }) => ({ ...claim, ttlMs: 1000 })))).toEqual([
      'gone: one {move}',
      'gone: other {move}',
    ])
    await migration.finish()
    expect(await askRedis(target as Server, 'exists', forcedName('leasehold:', 'other {move}'))).toBe('1')
  })
})

describe('an annotation', () => {
  it('changes nothing else of a share, and only its own holder makes it', async () => {
    const backend = node.open()
    const [one, other] = [shareOf('notes', permits(5, 2)), shareOf('notes', permits(5))]
    await taken(backend, one)
    await taken(backend, other)
    const before = await backend.inspect?.('notes')
    expect(await backend.annotate?.(one, '{"done": 3, "of": "10 000"}')).toBe(true)
    expect(await backend.annotate?.(shareOf('notes', permits(5)), '"mine"')).toBe(false)
    const after = await backend.inspect?.('notes')
    const rest = (holds = before) =>
      holds?.map(({ fencingToken, share, slots }) => `${fencingToken} ${JSON.stringify([share, slots])}`).toSorted()
    expect(rest(after)).toEqual(rest(before))
    expect(after?.map(({ metadata }) => metadata).toSorted()).toEqual(['{"done": 3, "of": "10 000"}', undefined])
    await backend.release(one)
    expect(await backend.annotate?.(one, '"too late"')).toBe(false)
  })
})

describe('an operator of few permissions', () => {
  it('can do everything with those that are documented', async () => {
    const commands = [...COMMANDS, ...COMMANDS_FOR_SHARES, ...COMMANDS_FOR_OPERATORS]
    await ask('acl', 'setuser', 'operator', 'on', `>${PASSWORD}`, ...RIGHTS, ...commands)
    const locks = createLocks(node.open({ username: 'operator', password: PASSWORD }))
    const lease = await locks.named('few').acquire()
    const reader = await shared(locks, 'few shared').acquire()
    for (const each of [lease, reader]) await annotate(each, 'seen')
    const found = await list(locks, { prefix: 'few' })
    expect(found.map(({ metadata }) => metadata)).toEqual(['seen', 'seen'])
    for (const { key } of found) expect(await forceRelease(locks, key, { reason: 'for the test' })).toBe(1)
    await expect(lease.renew()).rejects.toMatchObject({ code: 'LEASE_LOST' })
    await locks.close()
  })
})
