import { setTimeout as pause } from 'node:timers/promises'
import type { Claim, LockBackend } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, SHARED, shareOf, terms } from './claims.ts'
import { migrate, nodesOf, startClusterStanding } from './cluster-standing.ts'
import { linesOf, startStanding, visit } from './standing.ts'

const [node, cluster] = await Promise.all([startStanding(), startClusterStanding()])
afterAll(() => Promise.all([node.stop(), cluster.stop()]))

const never = () => new AbortController().signal
const MINUTE = terms()

/** Who stands in line for a key, from the first. */
const lineOf = async (server: Server, key: string): Promise<readonly string[]> =>
  (await askRedis(server, 'lrange', keyNames('leasehold:', key).queue, '0', '-1')).split('\n').filter(Boolean)

const wait = (backend: LockBackend, claim: Claim, signal = never()) =>
  backend.waitForTurn?.(claim, MINUTE, signal).catch(() => undefined)

async function keyAt(server: Server): Promise<string> {
  for (let nth = 0; ; nth += 1) {
    const key = `elsewhere ${nth}`
    if ((await nodesOf(cluster, slotOf(keyNames('leasehold:', key).hold)))[0] === server) return key
  }
}

/** What was asked for in this turn of the event loop is on its way, and cannot have been answered. */
async function allIsSent(): Promise<void> {
  for (let step = 0; step < 50; step += 1) await null
  await new Promise<void>((resolve) => process.nextTick(resolve))
}

it('who comes first in a turn stands first in line, whatever it asks for', async () => {
  const [holder, waiter] = [node.open(), node.open()]
  // It listens already: whoever waits is asked for in this turn.
  await wait(waiter, claimOn('kinds 0'))
  for (const key of ['kinds 1', 'kinds 2']) await holder.tryAcquire(claimOn(key), MINUTE)
  const [first, ...others] = [shareOf('kinds 1', SHARED), claimOn('kinds 2'), shareOf('kinds 2', SHARED)] as const
  for (const claim of [first, ...others]) void wait(waiter, claim)
  await until('both stand in line', async () => (await lineOf(node.server, 'kinds 2')).length === 2)
  expect(await lineOf(node.server, 'kinds 2')).toEqual(others.map(({ holder: each }) => each))
})

it.each([
  { given: 1, others: 0 },
  { given: 3, others: 0 },
  { given: 1, others: 2 },
])(
  'where a script was forgotten, only who waits still stands in line: $given given up, $others not',
  async (counts) => {
    const [holder, waiter] = [node.open(), node.open()]
    const prefix = `forgotten ${counts.given} ${counts.others}`
    const keys = Array.from({ length: counts.given + counts.others }, (_, index) => `${prefix} ${index}`)
    // Twice, one by one and together: by now it sends all of these by their digests.
    for (const together of [[keys[0] as string], keys]) {
      const claims = together.map(claimOn)
      await Promise.all(claims.map((claim) => wait(waiter, claim)))
      await Promise.all(claims.map((claim) => waiter.release(claim)))
    }
    await Promise.all(keys.map((key) => holder.tryAcquire(claimOn(key), MINUTE)))
    await node.ask('script', 'flush')
    // Somebody else brings back what releases, one and several.
    const other = node.open()
    await visit(other, 'released')
    const pair = [claimOn('released 1'), claimOn('released 2')]
    await Promise.all(pair.map((claim) => other.tryAcquire(claim, MINUTE)))
    await Promise.all(pair.map((claim) => other.release(claim)))
    const stop = new AbortController()
    const claims = keys.map(claimOn)
    const given = claims.slice(0, counts.given)
    for (const [nth, claim] of claims.entries()) void wait(waiter, claim, nth < counts.given ? stop.signal : never())
    await allIsSent()
    stop.abort()
    expect(await Promise.all(given.map((claim) => waiter.release(claim)))).toEqual(given.map(() => false))
    await until('the others stand in line', async () => (await linesOf([node.server], prefix)) >= counts.others)
    // Behind what it asks last, it has asked everything.
    await visit(waiter, 'last')
    expect(await linesOf([node.server], prefix)).toBe(counts.others)
    await Promise.all(claims.slice(counts.given).map((claim) => waiter.release(claim)))
  },
)

/** A waiter that listened to keys of a slot of its own before the slot moved away, unnoticed: whatever is sent to where it was is not answered before `thaw`. */
async function movedUnnoticed(name: string, count: number) {
  const waiter = cluster.open()
  const keys = Array.from({ length: count }, (_, index) => `{${name}} ${index}`) as [string, ...string[]]
  const slot = slotOf(keyNames('leasehold:', keys[0]).hold)
  const [source, target] = await nodesOf(cluster, slot)
  const held = keys.map(claimOn) as [Claim, ...Claim[]]
  await Promise.all(held.map((claim) => wait(waiter, claim)))
  await (await migrate(slot, source, target)).finish()
  source.freeze()
  return {
    waiter,
    held,
    /** After a second without an answer, the others are asked. */
    isNoticed: () =>
      until('it knows where the keys are now', async () => {
        const asked = waiter.inspect?.(keys[0])
        return (await Promise.race([asked, pause(50)])) !== undefined
      }),
    thaw: () => source.thaw(),
    lines: () => Promise.all(keys.map((key) => lineOf(target, key))),
    /** Behind what was asked at either node. */
    async everybodyIsAnswered() {
      await visit(waiter, await keyAt(source))
      await waiter.inspect?.(keys[0])
    },
  }
}

it.each([{ count: 1 }, { count: 2 }])(
  'a key that has moved is not waited for by who has given up since: $count',
  async ({ count }) => {
    const { waiter, held, isNoticed, thaw, everybodyIsAnswered, lines } = await movedUnnoticed(`moved ${count}`, count)
    const stop = new AbortController()
    const claims = held.map(({ key }) => claimOn(key))
    for (const claim of claims) void wait(waiter, claim, stop.signal)
    await allIsSent()
    stop.abort()
    try {
      await isNoticed()
      await Promise.all(claims.map((claim) => waiter.release(claim)))
    } finally {
      thaw()
    }
    await everybodyIsAnswered()
    expect(await lines()).toEqual(held.map(() => []))
  },
)

it('a release that is sent on puts nobody in line who has given up since', async () => {
  const { waiter, held, isNoticed, thaw, everybodyIsAnswered } = await movedUnnoticed('named', 1)
  const stop = new AbortController()
  const [{ key }] = held
  const next = { ...claimOn(key), ...MINUTE }
  const released = waiter.release(held[0], next)
  void wait(waiter, next, stop.signal)
  await allIsSent()
  stop.abort()
  try {
    await isNoticed()
    expect(await waiter.release(next)).toBe(false)
  } finally {
    thaw()
  }
  expect(await released).toBe(true)
  await everybodyIsAnswered()
  expect(await cluster.open().tryAcquire(claimOn(key), MINUTE)).toMatchObject({ granted: true })
})
