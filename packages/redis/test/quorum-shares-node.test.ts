import { type Claim, systemClock } from '@leasehold/core'
import { askRedis, startRedis, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { nodeClientOf } from '../src/clients/client-of.ts'
import { quorumNames } from '../src/key-names.ts'
import { QuorumMember } from '../src/quorum/quorum-member.ts'
import { rankOfClaim } from '../src/quorum/rank.ts'
import { ServerLife } from '../src/quorum/server-life.ts'
import { reachNode } from '../src/reach.ts'

import { claimOn, SHARED, shareOf, terms } from './claims.ts'
import { COMMANDS, COMMANDS_FOR_A_QUORUM, COMMANDS_FOR_SHARES, PASSWORD, REFUSED_IN_A_SCRIPT } from './permissions.ts'

const NAMESPACE = 'leasehold-quorum:'
const server = await startRedis({ own: true })
const nodes: QuorumMember[] = []
afterAll(async () => {
  for (const each of nodes) await each.close()
  await server.stop()
})

function nodeAs(options: { username?: string; password?: string } = {}): QuorumMember {
  const client = new Redis(server.url, { ...options, lazyConnect: true })
  const reach = reachNode(() => nodeClientOf('client', client).duplicate(3000), NAMESPACE, {
    replyTimeoutMs: 3000,
    prepare: async () => {},
  })
  const member = new QuorumMember(reach, new ServerLife(systemClock, undefined, () => {}), NAMESPACE)
  nodes.push(member)
  return member
}

const node = nodeAs()
const namesOf = (key: string) => quorumNames(NAMESPACE, key)
const ask = (...command: string[]) => askRedis(server, ...command)
const vote = (claim: Claim, { proposal = 0n, raise = false, attempt = 1, ttlMs = 60_000 } = {}) =>
  node.vote(claim, terms(ttlMs), { proposal, raise, attempt })
const readerOn = (key: string) => shareOf(key, SHARED)

/** Stands in line, and says whether it was called up. */
async function inLine(claim: Claim) {
  const waiting = { claim, isCalled: false, keptMs: 0 }
  node.expect(claim, () => {
    waiting.isCalled = true
  })
  waiting.keptMs = await node.join(claim, () => true)
  return waiting
}

describe('a node of a quorum', () => {
  it('keeps a key for readers or for a writer', async () => {
    const [reader, writer] = [readerOn('kinds'), claimOn('kinds')]
    expect(await vote(reader)).toMatchObject({ granted: true, ttlMs: 60_000, kept: false })
    expect(await vote(readerOn('kinds'))).toMatchObject({ granted: true })
    expect(await vote(writer)).toMatchObject({ granted: false, rank: rankOfClaim(reader) })
    const other = claimOn('kinds too')
    expect(await vote(other)).toMatchObject({ granted: true })
    expect(await vote(readerOn('kinds too'))).toMatchObject({ granted: false, rank: rankOfClaim(other) })
    expect(await node.restore([{ claim: { ...readerOn('kinds too'), ttlMs: 60_000 }, token: 1n }])).toBeUndefined()
    expect(await node.inspect('kinds too')).toHaveLength(1)
    expect(await ask('hget', namesOf('kinds too').hold, 'holder')).toBe(other.holder)
  })

  it('accepts only tokens that are greater than all before, of whatever kind', async () => {
    const [first, second] = [readerOn('tokens'), readerOn('tokens')]
    await ask('set', namesOf('tokens').token, '100')
    expect(await vote(first, { proposal: 110n })).toMatchObject({ token: 110n })
    expect(await vote(second, { proposal: 150n })).toMatchObject({ token: 150n })
    // Beside the greater one of another, it comes after that.
    expect(await vote(first, { proposal: 120n, raise: true })).toMatchObject({ token: 151n, kept: false })
    expect(await vote(first, { proposal: 151n, raise: true })).toMatchObject({ token: 151n, kept: false })
    expect(await vote(first, { proposal: 200n, raise: true })).toMatchObject({ token: 200n })
    expect(await vote(readerOn('tokens'), { proposal: 160n })).toMatchObject({ token: 201n })
    expect(await vote(first)).toMatchObject({ token: 200n, kept: true })
    // What is restored is no grant.
    await node.restore([{ claim: { ...second, ttlMs: 60_000 }, token: 120n }])
    expect(await vote(second)).toMatchObject({ token: 120n })
    expect(await vote(readerOn('tokens'))).toMatchObject({ token: 202n })
    await ask('del', namesOf('tokens').hold)
    expect(await vote(claimOn('tokens'))).toMatchObject({ token: 203n })
  })

  it('ends no share by a withdrawal that comes after a later attempt, and no share of another', async () => {
    const [reader, other] = [readerOn('withdrawn'), readerOn('withdrawn')]
    await vote(reader)
    await vote(other)
    await vote(reader, { attempt: 2 })
    await node.withdraw(reader, 1)
    expect(await node.inspect('withdrawn')).toHaveLength(2)
    await node.withdraw(reader, 2)
    expect(await vote(other)).toMatchObject({ kept: true })
    expect(await node.inspect('withdrawn')).toHaveLength(1)
    expect(await node.release([reader])).toEqual([false])
    expect(await node.release([other])).toEqual([true])
    expect(await ask('exists', namesOf('withdrawn').hold)).toBe('0')
  })

  it('forgets readers who have ended, one by one, and the key with the last', async () => {
    const key = 'ends'
    const [brief, longer] = [readerOn(key), readerOn(key)]
    await vote(brief, { ttlMs: 100 })
    await vote(longer, { ttlMs: 60_000 })
    await until('it has ended', async () => (await node.inspect(key)).length === 1)
    expect(await node.renew([brief, longer].map((claim) => ({ ...claim, ttlMs: 60_000 })))).toMatchObject([
      undefined,
      { ttlMs: 60_000 },
    ])
    // Three fields of the key, and one reader.
    expect(await ask('hlen', namesOf(key).hold)).toBe('4')
    const last = readerOn(key)
    await vote(last, { ttlMs: 300 })
    expect(await node.release([longer])).toEqual([true])
    expect(Number(await ask('pttl', namesOf(key).hold))).toBeLessThanOrEqual(300)
    await until('the key is free', async () => (await ask('exists', namesOf(key).hold)) === '0')
  })

  it('lets no reader pass a writer in line, and those before it go', async () => {
    const key = 'line'
    await vote(readerOn(key))
    const before = await inLine(readerOn(key))
    const writer = await inLine(claimOn(key))
    const behind = await inLine(readerOn(key))
    expect([before.keptMs, behind.keptMs > 0, writer.keptMs > 10_000]).toEqual([0, true, true])
    for (const claim of [readerOn(key), behind.claim])
      expect(await vote(claim)).toMatchObject({ granted: false, rank: '' })
    expect(await vote(before.claim)).toMatchObject({ granted: true })
  })

  it('calls up all readers at the head of the line together, and keeps the key for them meanwhile', async () => {
    const key = 'called'
    const held = claimOn(key)
    await vote(held)
    const readers = [await inLine(readerOn(key)), await inLine(readerOn(key))]
    const writer = await inLine(claimOn(key))
    const behind = await inLine(readerOn(key))
    await node.release([held])
    await until('they are called up', () => readers.every(({ isCalled }) => isCalled))
    expect([writer.isCalled, behind.isCalled]).toEqual([false, false])
    expect(await vote(writer.claim)).toMatchObject({ granted: false, rank: rankOfClaim(behind.claim) })
    expect(await vote(behind.claim)).toMatchObject({ granted: false, rank: '' })
    for (const { claim } of readers) expect(await vote(claim)).toMatchObject({ granted: true })
    expect(await node.release(readers.map(({ claim }) => claim))).toEqual([true, true])
    await until('the writer is called up', () => writer.isCalled)
    expect(behind.isCalled).toBe(false)
    expect(await vote(readerOn(key))).toMatchObject({ granted: false, rank: rankOfClaim(writer.claim) })
    expect(await vote(writer.claim)).toMatchObject({ granted: true })
  })

  it('calls up the readers behind a writer that leaves the line, beside those who read', async () => {
    const key = 'leaves'
    await vote(readerOn(key))
    const writer = await inLine(claimOn(key))
    const behind = await inLine(readerOn(key))
    await node.release([writer.claim])
    await until('it is called up', () => behind.isCalled)
    expect(await vote(behind.claim)).toMatchObject({ granted: true })
  })

  it('calls up the next when the last of those who were called up leaves the line', async () => {
    const key = 'gives way'
    const held = claimOn(key)
    await vote(held)
    const reader = await inLine(readerOn(key))
    const writer = await inLine(claimOn(key))
    await node.release([held])
    await until('it is called up', () => reader.isCalled)
    await node.release([reader.claim])
    await until('the writer is called up', () => writer.isCalled)
  })

  it('ends the place in line of a writer with its hold, where that is brief', async () => {
    const key = 'brief'
    const writer = await inLine(claimOn(key))
    expect(await vote(writer.claim, { ttlMs: 100 })).toMatchObject({ granted: true })
    const entry = await ask('hget', namesOf(key).waiters, writer.claim.holder)
    const [seconds = '0'] = (await ask('time')).split('\n')
    expect(Number(entry.split(' ')[0])).toBeLessThan(Number(seconds) * 1000 + 1200)
    expect(entry).toMatch(/^\d+ \S+$/)
  })

  it('out of memory renews and releases, and keeps nothing new', async () => {
    const key = 'full'
    const [leaving, staying] = [readerOn(key), readerOn(key)]
    await vote(leaving)
    await vote(staying)
    const writer = await inLine(claimOn(key))
    await ask('config', 'set', 'maxmemory', '1')
    const refused = await vote(readerOn('another')).catch((error: Error) => error.message)
    const renewed = await node.renew([{ ...staying, ttlMs: 90_000 }])
    const released = [await node.release([leaving]), await node.release([leaving, staying])]
    await ask('config', 'set', 'maxmemory', '0')
    expect(refused).toContain('OOM')
    expect(renewed).toMatchObject([{ ttlMs: 90_000 }])
    expect(released).toEqual([[true], [false, true]])
    expect(await ask('exists', namesOf('another').hold, namesOf('another').token)).toBe('0')
    expect(await vote(writer.claim)).toMatchObject({ granted: true })
  })

  it.each(['pexpire', 'pttl'])('keeps nothing for good, nor ends what others have: without %s', async (command) => {
    const rights = ['~*', '&*', '-@all', ...COMMANDS, ...COMMANDS_FOR_SHARES, ...COMMANDS_FOR_A_QUORUM, `-${command}`]
    await ask('acl', 'setuser', command, 'on', `>${PASSWORD}`, ...rights)
    const poor = nodeAs({ username: command, password: PASSWORD })
    const key = `without ${command}`
    const attempt = () => poor.vote(readerOn(key), terms(), { proposal: 0n, raise: false, attempt: 1 })
    await expect(attempt()).rejects.toThrow(REFUSED_IN_A_SCRIPT)
    expect(await ask('exists', namesOf(key).hold)).toBe('0')
    const reader = readerOn(key)
    await vote(reader)
    await expect(attempt()).rejects.toThrow(REFUSED_IN_A_SCRIPT)
    expect(await node.inspect(key)).toHaveLength(1)
    expect(await node.release([reader])).toEqual([true])
    expect(await ask('exists', namesOf(key).hold)).toBe('0')
  })
})
