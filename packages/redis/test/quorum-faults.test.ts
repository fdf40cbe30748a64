import { type Claim, createLocks, isLeaseholdError } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { quorumNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { NOWHERE, startQuorumStanding } from './quorum-standing.ts'
import { visit } from './standing.ts'

const standing = await startQuorumStanding(4, { appendonly: 'yes' })
const { servers, open, proxy, holds, holdAt } = standing
afterAll(standing.stop)

const [a = '', b = '', c = '', d = ''] = standing.urls
const three = [a, b, c]
/** Of a wait for a node that would be seen: the test would not end. */
const PATIENT = { nodeTimeoutMs: 600_000, replyTimeoutMs: 600_000 }
/** As long as it takes on a slow machine. All nodes answer. */
const UNHURRIED = { nodeTimeoutMs: 10_000 }
const namesOf = (key: string) => quorumNames('leasehold-quorum:', key)
const held = (key: string, where: string) => async () => (await holds(key)).startsWith(where)

describe('an even split of the votes', () => {
  it('is settled at once: one claim is granted, and nothing is left of the other', async () => {
    const ways = await Promise.all([0, 1, 2, 3].map(proxy))
    const [throughA = '', throughB = '', throughC = '', throughD = ''] = ways.map((way) => way.through(a))
    for (const way of ways) way.delay(40, 'requests')
    // Each is quick at two nodes, and slow at the others.
    const sides = [open([a, b, throughC, throughD], UNHURRIED), open([throughA, throughB, c, d], UNHURRIED)]
    for (const [index, side] of sides.entries()) await holdAt(side, `warm ${index}`, '1111')
    for (let turn = 0; turn < 10; turn += 1) {
      const claims = sides.map(() => claimOn(`split ${turn}`))
      const answers = await Promise.all(sides.map((side, i) => side.tryAcquire(claims[i] ?? claimOn(''), terms())))
      const winner = answers.findIndex(({ granted }) => granted)
      expect(answers.filter(({ granted }) => granted)).toHaveLength(1)
      await sides[winner]?.release(claims[winner] ?? claimOn(''))
      await until('nothing is left', held(`split ${turn}`, '0000'))
    }
  })

  it('ends with a majority although many ask at once, again and again', async () => {
    const sides = Array.from({ length: 4 }, () => open([a, b, c, d], UNHURRIED))
    for (let turn = 0; turn < 10; turn += 1) {
      const attempts = sides.flatMap((side) => [1, 2, 3].map(() => side.tryAcquire(claimOn(`many ${turn}`), terms())))
      expect((await Promise.all(attempts)).filter(({ granted }) => granted)).toHaveLength(1)
    }
  })
})

/** Ahead of all clocks: nodes that remember it as their last token take the next one, whatever is proposed. */
const AHEAD = 9_007_199_254_740_000n

const nodesAsked = (...command: string[]) =>
  Promise.all(servers.slice(0, 3).map((server) => askRedis(server, ...command)))
const tokensOf = async (key: string) => (await nodesAsked('hget', namesOf(key).hold, 'token')).map(BigInt)

/** A claim that the first two nodes have granted, while the third, which was asked as well, has not been heard. */
async function grantedWithoutOne(key: string, lastTokens: readonly bigint[]) {
  const way = await proxy(2)
  const slow = open([a, b, way.through(c)], { nodeTimeoutMs: 10_000 })
  await holdAt(slow, `warm and ${key}`, '1110')
  for (const [index, token] of lastTokens.entries())
    await askRedis(servers[index] as Server, 'set', namesOf(key).token, String(token))
  way.hold('replies')
  const claim = claimOn(key)
  expect(await slow.tryAcquire(claim, terms())).toMatchObject({ granted: true, fencingToken: AHEAD + 1n })
  return { slow, way, claim }
}

describe('a node', () => {
  it('that hangs is waited for by nobody', async () => {
    const hanging = servers[2] as Server
    hanging.freeze()
    const [one, other] = [open(three, PATIENT), open(three, PATIENT)]
    const claim = claimOn('hanging')
    expect(await one.tryAcquire(claim, terms())).toMatchObject({ granted: true })
    expect(await one.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
    expect(await other.tryAcquire(claimOn('hanging'), terms())).toMatchObject({ granted: false })
    expect(await other.inspect?.('hanging')).toHaveLength(1)
    expect(await one.release(claim)).toBe(true)
    expect(await visit(other, 'hanging')).toBeGreaterThan(0n)
    hanging.thaw()
    await until('what it was told meanwhile is over', held('hanging', '000'))
  })

  it('that hangs keeps no waiter from being called up', async () => {
    const hanging = servers[0] as Server
    hanging.freeze()
    const [one, other] = [open(three, PATIENT), createLocks(open(three, PATIENT), { pollMs: 60_000 })]
    const claim = claimOn('hanging wait')
    await one.tryAcquire(claim, terms())
    const waiting = other.named('hanging wait').acquire()
    const isInLine = async () => (await askRedis(servers[1] as Server, 'llen', namesOf('hanging wait').queue)) === '1'
    await until('it stands in line', isInLine)
    await one.release(claim)
    expect(await (await waiting).release()).toBe('released')
    hanging.thaw()
  })

  it('that can be listened to only when a wait is over puts nobody in line for it', async () => {
    const way = await proxy(0)
    const slow = open([way.through(a), b, c])
    const [over, goesOn] = [claimOn('over'), claimOn('goes on')]
    for (const { key } of [over, goesOn]) await holdAt(open(three), key, '1110')
    await slow.inspect?.('over')
    way.hold('replies')
    const abort = new AbortController()
    const waits = [over, goesOn].map((claim) => slow.waitForTurn?.(claim, terms(), abort.signal))
    abort.abort()
    await Promise.all(waits)
    const end = new AbortController()
    const waiting = slow.waitForTurn?.(goesOn, terms(), end.signal)
    way.heal()
    const isInLine = ({ key, holder }: Claim) => askRedis(servers[0] as Server, 'hexists', namesOf(key).waiters, holder)
    await until('who still waits stands in line', async () => (await isInLine(goesOn)) === '1')
    expect(await isInLine(over)).toBe('0')
    end.abort()
    await waiting
  })

  it('that is slow grants late, and counts from then on', async () => {
    const { way, claim } = await grantedWithoutOne('slow', [AHEAD, AHEAD, AHEAD])
    await until('it keeps the key, too', held('slow', '111'))
    way.heal()
    expect(await tokensOf('slow')).toEqual([AHEAD + 1n, AHEAD + 1n, AHEAD + 1n])
    const others = open([a, NOWHERE, c])
    expect(await others.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([
      { granted: true, fencingToken: AHEAD + 1n },
    ])
    expect(await others.release(claim)).toBe(true)
  })

  it('that is slow and further ahead counts as soon as it has been heard: it takes the token of the others', async () => {
    const { way, claim } = await grantedWithoutOne('further', [AHEAD, AHEAD, AHEAD + 7n])
    await until('it keeps the key, too', held('further', '111'))
    expect(await tokensOf('further')).toEqual([AHEAD + 1n, AHEAD + 1n, AHEAD + 8n])
    const others = open([a, NOWHERE, c])
    // Under two tokens, two nodes are no majority; nor can they say that there is none.
    expect(await others.renew([{ ...claim, ttlMs: 60_000 }])).toEqual(['unknown'])
    way.heal()
    await until('it has the token of the others', async () => (await tokensOf('further'))[2] === AHEAD + 1n)
    expect(await others.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([
      { granted: true, fencingToken: AHEAD + 1n },
    ])
    expect(await others.release(claim)).toBe(true)
  })

  it('that is slow, and heard when its claim was let go, is given nothing', async () => {
    const { slow, way, claim } = await grantedWithoutOne('let go', [AHEAD, AHEAD, AHEAD + 7n])
    await until('it keeps the key, too', held('let go', '111'))
    const releasing = slow.release(claim)
    way.heal()
    expect(await releasing).toBe(true)
    await until('nobody keeps it', held('let go', '000'))
    // What was sent to the node before it comes before this.
    expect(await visit(slow, 'let go')).toBeGreaterThan(AHEAD + 1n)
    await until('nobody keeps it', held('let go', '000'))
  })

  it('that hears us, and is not heard, is released like the others', async () => {
    const way = await proxy(2)
    const half = open([a, b, way.through(c)])
    const claim = claimOn('half')
    await holdAt(half, 'warm and half', '1110')
    way.swallow('replies')
    expect(await half.tryAcquire(claim, terms())).toMatchObject({ granted: true })
    await until('it keeps the key', held('half', '111'))
    expect(await half.release(claim)).toBe(true)
    await until('it has let it go', held('half', '000'))
  })

  it('that fails half of its requests costs no grant', async () => {
    const way = await proxy(2)
    const faulty = open([a, b, way.through(c)])
    for (let turn = 0; turn < 10; turn += 1) {
      if (turn % 2 === 0) way.cut()
      expect(await visit(faulty, 'faulty')).toBeGreaterThan(0n)
    }
  })
})

describe('a minority', () => {
  it('grants nothing, and keeps nothing of the attempt', async () => {
    const locks = createLocks(open([a, NOWHERE, NOWHERE]))
    const failure: unknown = await locks
      .named('minority')
      .tryAcquire()
      .catch((error: unknown) => error)
    expect(isLeaseholdError(failure, 'BACKEND_UNAVAILABLE')).toBe(true)
    expect(String(failure)).toContain('2 of 3 nodes gave no answer')
    await until('nothing is left', held('minority', '0'))
  })

  it('of four is two, and of five as well', async () => {
    await expect(open([a, b, NOWHERE, NOWHERE]).tryAcquire(claimOn('two'), terms())).rejects.toThrow('no majority')
    const five = open([a, b, c, NOWHERE, NOWHERE])
    expect(await five.tryAcquire(claimOn('three'), terms())).toMatchObject({ granted: true })
  })

  it('cannot say that a hold is gone, and a majority can', async () => {
    const claim = await holdAt(open(three), 'gone', '1110')
    for (const server of servers.slice(0, 2)) await askRedis(server, 'del', namesOf('gone').hold)
    expect(await open([a, NOWHERE, c]).renew([{ ...claim, ttlMs: 60_000 }])).toEqual(['unknown'])
    expect(await holds('gone')).toBe('0010')
    expect(await open(three).renew([{ ...claim, ttlMs: 60_000 }])).toEqual(['gone'])
    await until('the last node lets it go', held('gone', '000'))
  })

  it('that holds on while its holder is gone keeps nobody out', async () => {
    const claim = await holdAt(open(three), 'leftover', '1110')
    await open([a, b, NOWHERE]).release(claim)
    expect(await holds('leftover')).toBe('0010')
    expect(await visit(open(three), 'leftover')).toBeGreaterThan(0n)
  })
})
