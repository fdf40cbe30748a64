import { type Claim, createLocks, type LockBackend, type LockEvent } from '@leasehold/core'
import { askRedis, type Server, startClusteredRedis, TcpProxy, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { MOST_TOGETHER } from '../src/one-turn.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { nodesOf, startClusterStanding } from './cluster-standing.ts'
import { linesOf, scriptsRunAt, startStanding } from './standing.ts'

const [node, cluster, clustered] = await Promise.all([startStanding(), startClusterStanding(), startClusteredRedis()])
const [clusteredNode] = clustered.nodes as [Server]
afterAll(() => Promise.all([node.stop(), cluster.stop(), clustered.stop()]))

/** As many as take several scripts. */
const MANY = 200
const BEATS = 3

/** `scripts`: how many a beat of `MANY` may be: some go along with those who beat next, and one script is begun in each slot. */
const setUps = [
  {
    name: 'one node',
    servers: [node.server],
    open: () => node.open(),
    at: async () => node.server,
    scripts: Math.ceil(MANY / MOST_TOGETHER) + 1,
  },
  {
    name: 'a Cluster',
    servers: cluster.cluster.nodes,
    open: () => cluster.open(),
    at: async (key: string) => (await nodesOf(cluster, slotOf(keyNames('leasehold:', key).hold)))[0],
    scripts: 2 * 12,
  },
  {
    name: 'the one address of a clustered service',
    servers: [clusteredNode],
    open: () => node.open({}, clusteredNode.url),
    at: async () => clusteredNode,
    scripts: 2 * 12,
  },
]

async function heardOf(servers: readonly Server[], command: string): Promise<number> {
  const each = servers.map(async (server) => {
    const stats = await askRedis(server, 'info', 'commandstats')
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0)
  })
  return (await Promise.all(each)).reduce((sum, calls) => sum + calls, 0)
}

const runs = async (servers: readonly Server[]): Promise<number> =>
  (await Promise.all(servers.map(scriptsRunAt))).reduce((sum, count) => sum + count, 0)

const never = () => new AbortController().signal
const MINUTE = terms()

const many = (name: string, count = MANY, on: (key: string) => Claim = claimOn): Claim[] =>
  Array.from({ length: count }, (_, index) => on(`${name} ${index}`))

async function held(backend: LockBackend, claims: readonly Claim[]): Promise<readonly Claim[]> {
  await Promise.all(claims.map((claim) => backend.tryAcquire(claim, MINUTE)))
  return claims
}

describe.each(setUps)('on $name, those who wait in one process', ({ servers, open, at, scripts }) => {
  it('say that they live in one script for each slot, and nobody polls beside them', async () => {
    const locks = createLocks(open())
    const claims = await held(open(), many('many'))
    const abort = new AbortController()
    const waiting = claims.map(({ key }) =>
      locks
        .named(key)
        .acquire({ signal: abort.signal })
        .catch(() => {}),
    )
    await until('all stand in line', async () => (await linesOf(servers, 'many')) === MANY)
    // A clustered service is found out by the first batch that it refuses.
    const settled = await heardOf(servers, 'hset')
    await until('they have beaten', async () => (await heardOf(servers, 'hset')) >= settled + MANY)
    // What stands in line, or says that it lives, is one HSET.
    const before = { runs: await runs(servers), stood: await heardOf(servers, 'hset') }
    await until('beats have been', async () => (await heardOf(servers, 'hset')) >= before.stood + BEATS * MANY)
    const beats = ((await heardOf(servers, 'hset')) - before.stood) / MANY
    expect((await runs(servers)) - before.runs).toBeLessThanOrEqual((beats + 1) * scripts)
    abort.abort()
    await Promise.all(waiting)
    await locks.close()
    expect(await linesOf(servers, 'many')).toBe(0)
  })

  it.each([
    { what: 'whole keys', on: claimOn },
    { what: 'readers', on: (key: string) => shareOf(key, SHARED) },
    { what: 'permits', on: (key: string) => shareOf(key, permits(3, 2)) },
  ])('are not spoilt by one whose line somebody else has overwritten: $what', async ({ what, on }) => {
    const [holder, waiter] = [open(), open()]
    const prefix = `spoilt ${what}`
    const claims = await held(holder, many(prefix, 20))
    const turns = claims.map(({ key }) => waiter.waitForTurn?.(on(key), MINUTE, never()) ?? Promise.resolve(undefined))
    const failing = expect(turns[0]).rejects.toThrow('WRONGTYPE')
    await until('all stand in line', async () => (await linesOf(servers, prefix)) === claims.length)
    const [spoilt, ...others] = claims as [Claim, ...Claim[]]
    const server = await at(spoilt.key)
    const { waiters } = keyNames('leasehold:', spoilt.key)
    await askRedis(server, 'SET', waiters, 'somebody else')
    await failing
    expect(await holder.releaseAll?.(others)).toEqual(others.map(() => true))
    for (const turn of await Promise.all(turns.slice(1))) expect(turn).toMatchObject({ granted: true })
  })

  it('find by themselves what came free while nobody was told', async () => {
    const [holder, locks] = [open(), createLocks(open())]
    const claims = await held(holder, many('untold', 20))
    const waiting = claims.map(({ key }) => locks.named(key).acquire())
    await until('all stand in line', async () => (await linesOf(servers, 'untold')) === claims.length)
    for (const { key } of claims) await askRedis(await at(key), 'del', keyNames('leasehold:', key).hold)
    await Promise.all(waiting)
    expect((await locks.close()).released).toBe(claims.length)
  })

  it('leave nothing in line where they give up in the turn in which they came', async () => {
    const [holder, waiter] = [open(), open()]
    // It listens already to all of them: whoever waits is asked for in this turn.
    const before = many('fleeting', 6)
    await Promise.all(before.map((claim) => waiter.waitForTurn?.(claim, MINUTE, never())))
    await waiter.releaseAll?.(before)
    const claims = await held(holder, many('fleeting', 6))
    const given = claims.map(({ key }) => claimOn(key)) as [Claim, Claim, Claim, Claim, Claim, Claim]
    const aborts = given.map(() => new AbortController())
    const turns = given.map((claim, nth) => waiter.waitForTurn?.(claim, MINUTE, aborts[nth]?.signal ?? never()))
    for (let step = 0; step < 50; step += 1) await null
    for (const abort of aborts) abort.abort()
    const [one, two, next, ...rest] = given
    const candidate = { ...claimOn(next.key), ...MINUTE }
    const released = await Promise.all([
      waiter.release(one),
      waiter.release(two),
      waiter.release(next, candidate),
      waiter.releaseAll?.(rest),
    ])
    expect(released).toEqual([false, false, false, rest.map(() => false)])
    expect(await Promise.all(turns)).toEqual(turns.map(() => undefined))
    await waiter.release(candidate)
    expect(await linesOf(servers, 'fleeting')).toBe(0)
  })
})

it('who gives up while a beat is under way leaves his place, and the others keep theirs', async () => {
  await using proxy = await TcpProxy.open(node.server)
  const client = new Redis(proxy.through(node.server.url), { lazyConnect: true })
  const [holder, waiter] = [node.open(), redisBackend({ client, replyTimeoutMs: 60_000 })]
  const keys = await held(holder, many('under way', 8))
  const own = keys.map(({ key }) => claimOn(key))
  const aborts = own.map(() => new AbortController())
  const turns = own.map((claim, nth) => waiter.waitForTurn?.(claim, MINUTE, aborts[nth]?.signal ?? never()))
  await until('all stand in line', async () => (await linesOf([node.server], 'under way')) === own.length)
  const stood = await heardOf([node.server], 'hset')
  proxy.hold('replies')
  await until(
    'the server has worked on a beat',
    async () => (await heardOf([node.server], 'hset')) >= stood + own.length,
  )
  for (const abort of aborts.slice(0, 4)) abort.abort()
  expect(await Promise.all(turns.slice(0, 4))).toEqual(Array(4).fill(undefined))
  const released = Promise.all(own.slice(0, 4).map((claim) => waiter.release(claim)))
  proxy.heal()
  expect(await released).toEqual(Array(4).fill(false))
  expect(await linesOf([node.server], 'under way')).toBe(4)
  const before = await heardOf([node.server], 'hset')
  await until('the others beat', async () => (await heardOf([node.server], 'hset')) >= before + 2 * 4)
  expect(await linesOf([node.server], 'under way')).toBe(4)
  await holder.releaseAll?.(keys)
  for (const turn of await Promise.all(turns.slice(4))) expect(turn).toMatchObject({ granted: true })
  await waiter.close?.()
})

it('processes get their turns in the order in which they came, on each of many keys', async () => {
  const [holder, one, other] = [node.open(), node.open(), node.open()]
  const claims = await held(holder, many('in order', 70))
  const order = new Map<string, string>()
  const wait = async (backend: LockBackend, name: string) => {
    await Promise.all(
      claims.map(async ({ key }) => {
        const claim = claimOn(key)
        await backend.waitForTurn?.(claim, MINUTE, never())
        order.set(key, `${order.get(key) ?? ''}${name}`)
        await backend.release(claim)
      }),
    )
  }
  const inLine = async (count: number) => {
    const lengths = claims.map(({ key }) => node.ask('llen', keyNames('leasehold:', key).queue))
    return (await Promise.all(lengths)).every((length) => Number(length) === count)
  }
  const turns = [wait(one, 'a')]
  await until('the first stand in line', () => inLine(1))
  turns.push(wait(other, 'b'))
  await until('all do', () => inLine(2))
  const stood = await heardOf([node.server], 'hset')
  await until('they have beaten', async () => (await heardOf([node.server], 'hset')) >= stood + 4 * claims.length)
  await holder.releaseAll?.(claims)
  await Promise.all(turns)
  expect(new Set(order.values())).toEqual(new Set(['ab']))
})

it('a failure of the whole beat is told to each of them, once', async () => {
  const told: string[] = []
  const onEvent = (event: LockEvent) =>
    event.type === 'backend-error' && event.operation === 'wait' && told.push(event.key)
  const claims = await held(node.open(), many('cut', 20))
  const locks = createLocks(node.open({ connectionName: 'cut' }), { onEvent })
  const waiting = claims.map(({ key }) => locks.named(key).acquire({ waitMs: 60_000 }))
  await until('all stand in line', async () => (await linesOf([node.server], 'cut')) === claims.length)
  await node.ask('client', 'kill', 'type', 'normal')
  await until('they stand in line again', async () => {
    const stood = await heardOf([node.server], 'hset')
    await until('they beat', async () => (await heardOf([node.server], 'hset')) >= stood + claims.length)
    return (await linesOf([node.server], 'cut')) === claims.length
  })
  for (const { key } of claims) await node.ask('del', keyNames('leasehold:', key).hold)
  await Promise.all(waiting)
  expect(new Set(told).size).toBe(told.length)
  await locks.close()
})
