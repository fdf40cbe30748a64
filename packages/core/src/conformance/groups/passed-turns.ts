import assert from 'node:assert/strict'
import type { Lease } from '../../api.ts'
import type { Share } from '../../contract.ts'
import { resume, semaphore } from '../../index.ts'
import { assertOver, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import type { Process } from '../process.ts'
import type { Trial } from '../trial.ts'

const { cases, add } = caseGroup('fencing')

/** Turns that are passed on inside a process, under tokens that the backend has reserved. Where it reserves none, each turn is asked for. */
export const passedTurnCases = cases

/** As many as core passes on in a row. */
const MOST = 7

/** What turns are passed on of: all of a key, and one permit where the backend grants them. */
const passable = (t: Trial): readonly (Share | undefined)[] =>
  t.capabilities.shares?.includes('permits') ? [undefined, { kind: 'permits', take: 1, of: 1 }] : [undefined]

add('reserved', 'tokens that a grant has reserved are nobody else’s, whatever becomes of the holder', async (t) => {
  const [backend, other] = [await t.open(), await t.open()]
  for (const share of passable(t)) {
    const key = t.key()
    for (const end of ['released', 'expired'] as const) {
      const claim = t.claim(key, share)
      const terms = { ...t.terms(end === 'expired' ? t.ttlMs : undefined), reserve: MOST }
      const { fencingToken, reserved = 0 } = granted(await backend.tryAcquire(claim, terms))
      assert.ok(Number.isInteger(reserved) && reserved >= 0, `reserved is ${reserved}`)
      if (end === 'released') await backend.release(claim)
      const next = await t.holdInTime(other, key, t.expiryMs, share)
      assert.ok(
        next.grant.fencingToken > fencingToken + BigInt(reserved),
        `token ${next.grant.fencingToken} after ${fencingToken}, which reserved ${reserved}`,
      )
      await other.release(next.claim)
    }
  }
})

add('reserved-renewal', 'a renewal may name a reserved token, and no other: the token never goes back', async (t) => {
  const backend = await t.open()
  for (const share of passable(t)) {
    const claim = t.claim(t.key(), share)
    const { fencingToken, reserved = 0 } = granted(await backend.tryAcquire(claim, { ...t.terms(), reserve: MOST }))
    const last = fencingToken + BigInt(reserved)
    const middle = reserved > 1 ? fencingToken + 1n : fencingToken
    for (const [named, token] of [
      [middle, middle],
      [last + 1n, middle],
      [last, last],
      [fencingToken, last],
      [undefined, last],
    ] as const) {
      const [renewal] = await backend.renew([{ ...claim, ttlMs: 60_000, ...(named && { fencingToken: named }) }])
      assert.ok(typeof renewal === 'object', `renewal: ${renewal}`)
      assert.equal(renewal.fencingToken, token, `${named} was named, of ${fencingToken} to ${last}`)
    }
  }
})

/** A lease of the process that another one of it has just made room for: where the backend reserves tokens, nobody was asked. */
async function successor(t: Trial, { locks, events }: Process, metadata?: string): Promise<Lease> {
  const backend = await t.open()
  const held = await t.hold(backend)
  const lock = locks.named(held.claim.key)
  const [first, second] = [lock.acquire(), lock.acquire({ ...(metadata && { metadata }) })]
  await t.until(() => events.filter(({ type }) => type === 'waiting').length === 2, 'both wait')
  await backend.release(held.claim)
  const before = await t.settled(first)
  await before.release()
  const lease = await t.settled(second)
  assert.ok(lease.fencingToken > before.fencingToken, `token ${lease.fencingToken} after ${before.fencingToken}`)
  return lease
}

add('passed-on', 'a turn that is passed on inside a process is renewed, and lives on', 'inspect', async (t) => {
  const process = await t.process()
  const lease = await successor(t, process)
  const [shown] = await process.locks.named(lease.key).inspect()
  assert.equal(shown?.fencingToken, lease.fencingToken, 'its own process sees another token')
  await t.settled(lease.renew())
  const [seen] = (await (await t.open()).inspect?.(lease.key)) ?? []
  assert.equal(seen?.fencingToken, lease.fencingToken, 'another process sees another token')
  lease.assertHeld()
  assert.equal(await lease.release(), 'released')
  await t.assertFree(lease.key)
})

add(
  'passed-permit',
  'a permit that is passed on inside a process keeps its slot, under a greater token that others see',
  'permits',
  'inspect',
  async (t) => {
    const { locks, events } = await t.process()
    const backend = await t.open()
    const held = await t.hold(backend, t.key(), undefined, { kind: 'permits', take: 1, of: 1 })
    const one = semaphore(locks, held.claim.key, 1)
    const [first, second] = [one.acquire(), one.acquire()]
    await t.until(() => events.filter(({ type }) => type === 'waiting').length === 2, 'both wait')
    await backend.release(held.claim)
    const before = await t.settled(first)
    await before.release()
    const lease = await t.settled(second)
    assert.ok(lease.fencingToken > before.fencingToken, `token ${lease.fencingToken} after ${before.fencingToken}`)
    assert.deepEqual(lease.slots, before.slots)
    await t.settled(lease.renew())
    const [seen] = (await backend.inspect?.(lease.key)) ?? []
    assert.equal(seen?.fencingToken, lease.fencingToken, 'another process sees another token')
    assert.deepEqual(seen?.slots, lease.slots)
    assert.equal(await lease.release(), 'released')
    await t.assertFree(lease.key)
  },
)

add('passed-metadata', 'what a lease shows is its own, also where its turn was passed on', 'inspect', async (t) => {
  const lease = await successor(t, await t.process(), 'of the second')
  const [seen] = (await (await t.open()).inspect?.(lease.key)) ?? []
  assert.equal(seen?.metadata, '"of the second"')
  await lease.release()
})

add(
  'passed-hand-off',
  'a lease whose turn was passed on is taken up by another process, under its token',
  'handOff',
  async (t) => {
    const lease = await successor(t, await t.process())
    const { locks } = await t.process()
    const resumed = await t.settled(resume(locks, lease.handOff()))
    assert.equal(resumed?.fencingToken, lease.fencingToken)
    resumed?.assertHeld()
    await resumed?.release()
    await t.assertFree(lease.key)
  },
)

add('passed-told-loss', 'a loss that the backend tells ends the lease whose turn was passed on', async (t) => {
  const backend = await t.open()
  const process = await t.process({}, backend)
  const lease = await successor(t, process)
  const claims = process.wire.requests.flatMap((request) => request.claims)
  for (const claim of claims) process.wire.tellLost(claim)
  assertOver(lease, 'LEASE_LOST')
  // The server was not asked, and still holds the key.
  await Promise.all(claims.map((claim) => backend.release(claim)))
  await t.assertFree(lease.key)
})

add('passed-evenly', 'who waits in another process is passed by few', 'fifo', async (t) => {
  // Whoever comes to the line later than that comes after the others.
  t.toleratedMs = t.arrivalMs / 2
  const [crowd, other] = [await t.process(), await t.process()]
  const backend = await t.open()
  const held = await t.hold(backend)
  const turns: string[] = []
  const take = async ({ locks }: Process, name: string) => {
    const lease = await locks.named(held.claim.key).acquire()
    turns.push(name)
    await lease.release()
  }
  const waiting = (process: Process, count: number) =>
    t.until(() => process.events.filter(({ type }) => type === 'waiting').length === count, `${count} wait`)
  const all = Array.from({ length: 3 * MOST }, () => take(crowd, 'crowd'))
  await waiting(crowd, all.length)
  await t.pass(t.arrivalMs)
  const one = take(other, 'other')
  await waiting(other, 1)
  await t.pass(t.arrivalMs)
  await backend.release(held.claim)
  await t.settled(Promise.all([...all, one]))
  const before = turns.indexOf('other')
  assert.ok(before <= MOST + 1, `${before} of another process had their turn before, who came first or after it`)
})
