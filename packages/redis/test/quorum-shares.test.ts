import { type Claim, createLocks, type Grant, type LockBackend, shared } from '@leasehold/core'
import { askRedis, Lateness, type Server, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, SHARED, shareOf, terms } from './claims.ts'
import { NOWHERE, startQuorumStanding } from './quorum-standing.ts'

const standing = await startQuorumStanding(4, { appendonly: 'yes' })
const { servers, open, proxy, holds } = standing
afterAll(standing.stop)

const [a = '', b = '', c = '', d = ''] = standing.urls
const three = [a, b, c]
const pairs = [
  [a, b, NOWHERE],
  [a, NOWHERE, c],
  [NOWHERE, b, c],
] as const
/** As long as it takes on a slow machine. All nodes answer. */
const UNHURRIED = { nodeTimeoutMs: 10_000 }
const never = new AbortController().signal
const namesOf = (key: string) => keyNames('leasehold-quorum:', key)
const lineAt = (server: Server | undefined, key: string) => askRedis(server as Server, 'llen', namesOf(key).queue)
/** Nobody looks by himself. */
const unpolled = (backend: LockBackend) => createLocks(backend, { pollMs: 60_000 })

/** The token of this share at each of the servers; empty where it is not kept. */
async function tokensOf({ key, holder }: Claim): Promise<string[]> {
  const kept = servers.slice(0, 3).map((server) => askRedis(server, 'hget', namesOf(key).hold, holder))
  return (await Promise.all(kept)).map((share) => share.split(' ')[1] ?? '')
}

const isAlike = (tokens: readonly string[]) => tokens[0] !== '' && new Set(tokens).size === 1

async function granted(backend: LockBackend, claim: Claim, ttlMs?: number): Promise<Grant> {
  let answer: Awaited<ReturnType<LockBackend['tryAcquire']>> = { granted: false }
  await until('it is granted', async () => {
    answer = await backend.tryAcquire(claim, terms(ttlMs))
    return answer.granted
  })
  return answer as unknown as Grant
}

/** A share that all three have under one token: one that was late is given the others' by a renewal. */
async function readAt(backend: LockBackend, key: string, ttlMs = 60_000) {
  const claim = shareOf(key, SHARED)
  const grant = await granted(backend, claim, ttlMs)
  await until('all have it', async () => {
    await backend.renew([{ ...claim, ttlMs }])
    return isAlike(await tokensOf(claim))
  })
  return { claim, grant }
}

const isIncreasing = (tokens: readonly bigint[]) => tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? 0n))

describe('tokens of readers and writers', () => {
  it('stand in one order, whichever majority grants them', async () => {
    const clients = pairs.map((urls) => open(urls))
    const kinds = [SHARED, undefined, SHARED, SHARED, undefined]
    const tokens: bigint[] = []
    for (let turn = 0; turn < 60; turn += 1) {
      const client = clients[turn % 3] as LockBackend
      const share = kinds[turn % kinds.length]
      const claim = share ? shareOf('one order', share) : claimOn('one order')
      tokens.push((await granted(client, claim)).fencingToken)
      expect(await client.release(claim)).toBe(true)
    }
    expect(isIncreasing(tokens)).toBe(true)
  })

  it('stand in one order at each node, also where readers read at the same time', async () => {
    const clients = pairs.map((urls) => open(urls))
    const reading: { client: LockBackend; claim: Claim }[] = []
    const tokens: bigint[] = []
    for (let turn = 0; turn < 9; turn += 1) {
      const client = clients[turn % 3] as LockBackend
      const claim = shareOf('at each', SHARED)
      tokens.push((await granted(client, claim)).fencingToken)
      reading.push({ client, claim })
    }
    for (const [node] of three.entries()) {
      const kept = (await Promise.all(reading.map(({ claim }) => tokensOf(claim)))).map((at) => at[node] ?? '')
      expect(isIncreasing(kept.filter((token) => token !== '').map(BigInt))).toBe(true)
    }
    for (const { client, claim } of reading) expect(await client.release(claim)).toBe(true)
    const writer = await granted(open(pairs[0]), claimOn('at each'))
    expect(isIncreasing([...tokens, writer.fencingToken])).toBe(true)
  })

  it('are not the same for two, however many ask at once, and a majority has each', async () => {
    const clients = [1, 2, 3].map(() => open(three, UNHURRIED))
    const claims = clients.flatMap((client) =>
      Array.from({ length: 20 }, () => ({ client, claim: shareOf('at once', SHARED) })),
    )
    const grants = await Promise.all(claims.map(({ client, claim }) => granted(client, claim)))
    expect(new Set(grants.map(({ fencingToken }) => fencingToken)).size).toBe(claims.length)
    for (const [index, { client, claim }] of claims.entries()) {
      const token = String(grants[index]?.fencingToken)
      expect((await tokensOf(claim)).filter((each) => each === token).length).toBeGreaterThanOrEqual(2)
      expect(await client.release(claim)).toBe(true)
    }
    await until('nothing is left', async () => (await holds('at once')) === '0000')
  })
})

describe('a node that has lost what readers have', () => {
  it('is given each back by its own renewal, beside the others', async () => {
    const backend = open(three, UNHURRIED)
    const [one, other] = [await readAt(backend, 'lost'), await readAt(open(three, UNHURRIED), 'lost')]
    await askRedis(servers[0] as Server, 'del', namesOf('lost').hold)
    const renew = ({ claim }: typeof one) => backend.renew([{ ...claim, ttlMs: 60_000 }])
    await until('it has the first again', async () => {
      expect(await renew(one)).toMatchObject([{ granted: true, fencingToken: one.grant.fencingToken }])
      return isAlike(await tokensOf(one.claim))
    })
    expect((await tokensOf(other.claim))[0]).toBe('')
    await until('it has both', async () => {
      expect(await renew(other)).toMatchObject([{ granted: true, fencingToken: other.grant.fencingToken }])
      return isAlike(await tokensOf(other.claim))
    })
    expect(isAlike(await tokensOf(one.claim))).toBe(true)
    expect(await backend.inspect?.('lost')).toMatchObject(
      [one, other].map(({ grant: { fencingToken } }) => ({ fencingToken, share: SHARED })),
    )
    expect(await backend.release(one.claim)).toBe(true)
    expect(await backend.tryAcquire(claimOn('lost'), terms())).toMatchObject({ granted: false })
    expect(await backend.release(other.claim)).toBe(true)
    await until('nothing is left', async () => (await holds('lost')) === '0000')
  })

  it('and keeps the key for a writer since, gives no reader a share beside that', async () => {
    const backend = open(three, UNHURRIED)
    const { claim } = await readAt(backend, 'taken')
    const last = servers[2] as Server
    await askRedis(last, 'del', namesOf('taken').hold)
    await askRedis(last, 'hset', namesOf('taken').hold, 'holder', 'somebody else', 'token', '1', 'attempt', '1')
    for (let turn = 0; turn < 2; turn += 1)
      expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
    expect(await askRedis(last, 'hget', namesOf('taken').hold, 'holder')).toBe('somebody else')
    expect((await tokensOf(claim))[2]).toBe('')
  })

  it('takes nothing from the others: a share that is gone at a majority is dropped at the rest, and its neighbour stays', async () => {
    const backend = open(three, UNHURRIED)
    const [gone, staying] = [await readAt(backend, 'gone'), await readAt(backend, 'gone')]
    for (const server of servers.slice(0, 2)) await askRedis(server, 'hdel', namesOf('gone').hold, gone.claim.holder)
    const renewals = [gone, staying].map(({ claim }) => ({ ...claim, ttlMs: 60_000 }))
    expect(await backend.renew(renewals)).toMatchObject(['gone', { granted: true }])
    await until('the last node lets it go', async () => (await tokensOf(gone.claim)).join('') === '')
    expect(isAlike(await tokensOf(staying.claim))).toBe(true)
  })
})

describe('a writer who waits', () => {
  it('has its turn as soon as a majority is free of readers that were left at a minority each', async () => {
    const backend = open(three, UNHURRIED)
    const second = await readAt(backend, 'minorities')
    const lastsUntilMs = performance.now() + 1500
    const first = await readAt(backend, 'minorities', 1500)
    expect(await open(pairs[2]).release(first.claim)).toBe(true)
    expect(await open(pairs[1]).release(second.claim)).toBe(true)
    expect([await tokensOf(first.claim), await tokensOf(second.claim)].map((at) => at.map(Boolean))).toEqual([
      [true, false, false],
      [false, true, false],
    ])
    expect(await backend.inspect?.('minorities')).toEqual([])
    // The third may have either.
    await expect(open(pairs[0]).inspect?.('minorities')).rejects.toThrow('no majority')
    const waiting = unpolled(open(three, UNHURRIED)).named('minorities').acquire()
    for (const server of servers.slice(0, 3))
      await until('it stands in line', async () => (await lineAt(server, 'minorities')) === '1')
    expect(await backend.tryAcquire(shareOf('minorities', SHARED), terms())).toMatchObject({ granted: false })
    const lease = await waiting
    expect(performance.now()).toBeGreaterThanOrEqual(lastsUntilMs - 20)
    expect(await lease.release()).toBe('released')
  })

  it('is not passed, not even where one node does not know of it, and who tried leaves nothing', async () => {
    const backend = open(three, UNHURRIED)
    const reading = await readAt(backend, 'not passed')
    const writer = unpolled(open(pairs[0]))
    const waiting = writer.named('not passed').acquire()
    for (const server of servers.slice(0, 2))
      await until('it stands in line', async () => (await lineAt(server, 'not passed')) === '1')
    const late = shareOf('not passed', SHARED)
    expect(await backend.tryAcquire(late, terms())).toMatchObject({ granted: false })
    await until('nothing is left of it', async () => (await tokensOf(late)).join('') === '')
    expect(await backend.release(reading.claim)).toBe(true)
    expect(await (await waiting).release()).toBe('released')
  })

  it('and readers behind it have their turns while a node is away, where nobody polls', async () => {
    const away = [a, b, NOWHERE]
    const [one, other, third] = [unpolled(open(away)), unpolled(open(away)), unpolled(open(away))]
    const key = 'away'
    const reading = [await shared(one, key).acquire(), await shared(other, key).acquire()]
    const shown = reading.map(({ fencingToken }) => ({ fencingToken, share: SHARED }))
    expect(await third.named(key).inspect()).toMatchObject(shown)
    const waiting = third.named(key).acquire()
    await until('it stands in line', async () => (await lineAt(servers[1], key)) === '1')
    let isLateReading = false
    const late = shared(one, key).acquire()
    void late.then(() => {
      isLateReading = true
    })
    await until('a reader stands behind it', async () => (await lineAt(servers[1], key)) === '2')
    for (const lease of reading) expect(await lease.release()).toBe('released')
    const lease = await waiting
    expect(await other.named(key).inspect()).toMatchObject([{ fencingToken: lease.fencingToken }])
    expect(isLateReading).toBe(false)
    expect(await lease.release()).toBe('released')
    expect((await late).fencingToken).toBeGreaterThan(lease.fencingToken)
    expect(await (await late).release()).toBe('released')
  })

  it('and has died keeps readers out no longer than it counts as alive', async () => {
    const dead = open(three)
    const reading = await readAt(open(three, UNHURRIED), 'dead writer')
    void dead.waitForTurn?.(claimOn('dead writer'), terms(), never).catch(() => {})
    await until('it stands in line', async () => (await lineAt(servers[0], 'dead writer')) === '1')
    const waiting = shared(unpolled(open(three)), 'dead writer').acquire()
    await until('a reader stands behind it', async () => (await lineAt(servers[0], 'dead writer')) === '2')
    await dead.close?.()
    expect(await (await waiting).release()).toBe('released')
    expect((await tokensOf(reading.claim)).filter(Boolean).length).toBeGreaterThanOrEqual(2)
  })

  it('and has died with the key in its hands keeps readers out no longer than its TTL', async () => {
    const [holder, dead, reader] = [open(three), open(three), open(three)]
    const reading = await readAt(holder, 'dead holder')
    const claim = claimOn('dead holder')
    const turn = dead.waitForTurn?.(claim, terms(300), never)
    await until('it stands in line', async () => (await lineAt(servers[0], 'dead holder')) === '1')
    await holder.release(reading.claim)
    await turn
    const lateness = Lateness.watch()
    await granted(dead, claim, 300)
    const grantedMs = performance.now()
    await granted(reader, shareOf('dead holder', SHARED))
    expect(performance.now() - grantedMs).toBeLessThanOrEqual(
      300 + reader.capabilities.slackMs + lateness.allowanceMs(),
    )
  })
})

describe('a vote that is split between a reader and a writer', () => {
  it('is settled at once: one of them is granted, and nothing is left of the other', async () => {
    const ways = await Promise.all([0, 1, 2, 3].map(proxy))
    const [throughA = '', throughB = '', throughC = '', throughD = ''] = [a, b, c, d].map(
      (url, index) => ways[index]?.through(url) ?? '',
    )
    // Each is quick at two nodes, and slow at the others.
    const sides = [open([a, b, throughC, throughD], UNHURRIED), open([throughA, throughB, c, d], UNHURRIED)]
    for (const side of sides) {
      const warm = claimOn('warm')
      await granted(side, warm)
      await side.release(warm)
    }
    for (const way of ways) way.delay(40, 'requests')
    for (let turn = 0; turn < 10; turn += 1) {
      const key = `split ${turn}`
      const claims = [shareOf(key, SHARED), claimOn(key)]
      const answers = await Promise.all(sides.map((side, index) => side.tryAcquire(claims[index] as Claim, terms())))
      const winner = answers.findIndex((answer) => answer.granted)
      expect(answers.filter((answer) => answer.granted)).toHaveLength(1)
      await sides[winner]?.release(claims[winner] as Claim)
      await until('nothing is left', async () => (await holds(key)) === '0000')
    }
  })
})
