import type { Claim, LockBackend } from '@leasehold/core'
import { askRedis, type Server } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { nodesOf, startClusterStanding } from './cluster-standing.ts'
import { PASSWORD, RIGHTS } from './permissions.ts'
import { scriptsRunAt, startStanding } from './standing.ts'

const node = await startStanding()
const cluster = await startClusterStanding()
afterAll(() => Promise.all([node.stop(), cluster.stop()]))

const MANY = 48

/** `scripts`: how many a turn of `MANY` may be, of one kind. */
const setUps = [
  { name: 'one node', servers: [node.server], open: () => node.open(), at: async () => node.server, scripts: 1 },
  {
    name: 'a Cluster',
    servers: cluster.cluster.nodes,
    open: () => cluster.open(),
    at: async (key: string) => (await nodesOf(cluster, slotOf(keyNames('leasehold:', key).hold)))[0],
    scripts: 12,
  },
]

const runs = async (servers: readonly Server[]): Promise<number> => {
  const each = await Promise.all(servers.map(scriptsRunAt))
  return each.reduce((sum, count) => sum + count, 0)
}

const many = (name: string, on: (key: string) => Claim = claimOn): Claim[] =>
  Array.from({ length: MANY }, (_, index) => on(`${name} ${index}`))

const acquireEach = (backend: LockBackend, claims: readonly Claim[]) =>
  Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms())))

const GRANTED = expect.objectContaining({ granted: true })

describe.each(setUps)(
  'on $name, what is asked for in one turn of the event loop',
  ({ name, servers, open, at, scripts }) => {
    it.each([
      { what: 'whole keys', on: claimOn },
      { what: 'readers', on: (key: string) => shareOf(key, SHARED) },
      { what: 'permits', on: (key: string) => shareOf(key, permits(3, 2)) },
    ])('is one script for each slot: $what', async ({ what, on }) => {
      const [backend, other] = [open(), open()]
      await other.tryAcquire(on(`${what} held`), terms())
      const held = claimOn(`${what} held`)
      const claims = many(what, on)
      const before = await runs(servers)
      const [refused, ...answers] = await acquireEach(backend, [held, ...claims])
      expect(answers).toEqual(claims.map(() => GRANTED))
      expect(refused).toMatchObject({ granted: false, remainingMs: expect.any(Number) })
      // And one for the whole key among shares.
      expect((await runs(servers)) - before).toBeLessThanOrEqual(scripts + 1)
      const after = await runs(servers)
      expect(await Promise.all(claims.map((claim) => backend.release(claim)))).toEqual(claims.map(() => true))
      expect((await runs(servers)) - after).toBeLessThanOrEqual(scripts)
      const tokens = answers.map((answer) => (answer.granted ? answer.fencingToken : 0n))
      const again = await acquireEach(
        backend,
        claims.map(({ key }) => on(key)),
      )
      for (const [nth, answer] of again.entries())
        expect(answer.granted && answer.fencingToken > (tokens[nth] ?? 0n)).toBe(true)
    })

    it('goes in the order in which a key can be given back and taken, or asked for and given up', async () => {
      const [backend, other] = [open(), open()]
      const [first, next] = [claimOn('in order'), claimOn('in order')]
      await backend.tryAcquire(first, terms())
      const bystander = backend.tryAcquire(claimOn('bystander'), terms())
      const [released, granted] = await Promise.all([backend.release(first), backend.tryAcquire(next, terms())])
      expect([released, granted, await bystander]).toEqual([true, GRANTED, GRANTED])
      const givenUp = claimOn('given up')
      const after = claimOn('in order')
      const [, passed] = await Promise.all([
        backend.release(next),
        backend.tryAcquire(after, terms()),
        backend.tryAcquire(givenUp, terms()),
        backend.release(givenUp),
      ])
      expect(passed).toEqual(GRANTED)
      expect(await other.tryAcquire(claimOn('given up'), terms())).toEqual(GRANTED)
      const group = [claimOn('in order')]
      const [, grants] = await Promise.all([backend.release(after), backend.tryAcquireAll?.(group, terms())])
      expect(grants).toEqual([GRANTED])
    })

    it('may be the same twice, or two who want one key', async () => {
      const backend = open()
      const [claim, rival] = [claimOn('twice'), claimOn('twice')]
      const [one, two, three] = await acquireEach(backend, [claim, claim, rival])
      expect(one).toEqual(GRANTED)
      expect(two).toMatchObject({ granted: true, fencingToken: one?.granted && one.fencingToken })
      expect(three).toMatchObject({ granted: false })
    })

    it('fails alone where somebody else keeps something under its name', async () => {
      const backend = open()
      const claims = many(`somebody else on ${name}`)
      const [spoilt, ...others] = claims as [Claim, ...Claim[]]
      const names = keyNames('leasehold:', spoilt.key)
      const server = await at(spoilt.key)
      await askRedis(server, 'RPUSH', names.queue, 'x')
      await askRedis(server, 'SET', names.waiters, 'x')
      const answers = await Promise.allSettled(claims.map((each) => backend.tryAcquire(each, terms())))
      expect(answers[0]).toMatchObject({
        status: 'rejected',
        reason: { message: expect.stringContaining('WRONGTYPE') },
      })
      expect(answers.slice(1)).toEqual(others.map(() => ({ status: 'fulfilled', value: GRANTED })))
    })

    it.each([
      { what: 'whole keys', on: claimOn },
      { what: 'readers', on: (key: string) => shareOf(key, SHARED) },
      { what: 'permits', on: (key: string) => shareOf(key, permits(3, 2)) },
    ])('ends all but what somebody else has overwritten: $what', async ({ what, on }) => {
      const backend = open()
      const claims = many(`overwritten ${what}`, on)
      const [spoilt, ...others] = claims as [Claim, ...Claim[]]
      const { hold, queue } = keyNames('leasehold:', spoilt.key)
      const server = await at(spoilt.key)
      await acquireEach(backend, claims)
      await askRedis(server, 'SET', hold, 'not a hold')
      const [failed, ...released] = await Promise.allSettled(claims.map((claim) => backend.release(claim)))
      expect(failed).toMatchObject({ reason: { message: expect.stringContaining('WRONGTYPE') } })
      expect(released).toEqual(others.map(() => ({ status: 'fulfilled', value: true })))
      await expect(backend.release(spoilt)).rejects.toThrow('WRONGTYPE')
      await askRedis(server, 'RPUSH', queue, 'somebody in line')
      await expect(backend.release(spoilt)).rejects.toThrow('WRONGTYPE')
      await acquireEach(backend, others)
      await expect(backend.releaseAll?.(claims)).rejects.toThrow('WRONGTYPE')
      expect(await Promise.all(others.map((claim) => backend.release(claim)))).toEqual(others.map(() => false))
    })
  },
)

it('what one may not touch is nothing to the others', async () => {
  await node.ask(
    'ACL',
    'SETUSER',
    'visitor',
    'on',
    `>${PASSWORD}`,
    ...RIGHTS.slice(1, 3),
    '+@all',
    '~leasehold:*open*',
    '~leasehold:*token*',
  )
  const backend = node.open({ username: 'visitor', password: PASSWORD })
  const [open, closed, other] = ['open 1', 'closed', 'open 2'].map(claimOn) as [Claim, Claim, Claim]
  const answers = await Promise.allSettled([open, closed, other].map((claim) => backend.tryAcquire(claim, terms())))
  expect(answers).toEqual([
    { status: 'fulfilled', value: GRANTED },
    { status: 'rejected', reason: expect.objectContaining({ message: expect.stringMatching(/NOPERM/) }) },
    { status: 'fulfilled', value: GRANTED },
  ])
  expect(await Promise.all([open, other].map((claim) => backend.release(claim)))).toEqual([true, true])
})
