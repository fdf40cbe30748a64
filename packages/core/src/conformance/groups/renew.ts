import assert from 'node:assert/strict'
import type { Lease } from '../../api.ts'
import type { Grant, Renewal } from '../../contract.ts'
import { isLeaseholdError } from '../../errors.ts'
import { assertOver, contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { altered, holdReply, requestLost } from '../fates.ts'
import { LONG_MS, type Trial } from '../trial.ts'

const { cases, add } = caseGroup('renew')
export const renewCases = cases

add('resets', 'renewed in time, a hold lasts beyond its first TTL', async (t) => {
  const [backend, rival] = [await t.open(), await t.open()]
  const { claim } = await t.hold(backend, t.key(), t.ttlMs)
  for (let i = 0; i < 6; i += 1) {
    await t.pass(t.ttlMs / 3)
    granted((await backend.renew([{ ...claim, ttlMs: t.ttlMs }]))[0])
  }
  contended(await rival.tryAcquire(t.claim(claim.key), t.terms()))
})

add('keeps-token', 'a renewal keeps the token', async (t) => {
  const backend = await t.open()
  const { claim, grant } = await t.hold(backend)
  const [renewal] = await backend.renew([{ ...claim, ttlMs: LONG_MS }])
  assert.equal(granted(renewal).fencingToken, grant.fencingToken)
})

add(
  'only-holder',
  'a claim that does not hold the key can neither renew it nor prolong it for the holder',
  async (t) => {
    const backend = await t.open()
    const { claim } = await t.hold(backend, t.key(), t.ttlMs)
    assert.deepEqual(await backend.renew([{ ...t.claim(claim.key), ttlMs: LONG_MS }]), ['gone'])
    await t.holdInTime(await t.open(), claim.key, t.expiryMs)
  },
)

add('never-acquires', 'renewing a free key, or a released claim, acquires nothing', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend)
  await backend.release(claim)
  const never = t.claim()
  assert.deepEqual(
    await backend.renew([
      { ...claim, ttlMs: LONG_MS },
      { ...never, ttlMs: LONG_MS },
    ]),
    ['gone', 'gone'],
  )
  await t.assertFree(claim.key)
  await t.assertFree(never.key)
})

add('never-shortens', 'a renewal to a smaller TTL does not shorten the hold', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend)
  granted((await backend.renew([{ ...claim, ttlMs: t.ttlMs }]))[0])
  await t.pass(t.expiryMs + 1)
  contended(await (await t.open()).tryAcquire(t.claim(claim.key), t.terms()))
})

add('batch-order', 'a batch answers each claim in its place: held, gone, held by another, held', async (t) => {
  const backend = await t.open()
  const [first, last, foreign] = [await t.hold(backend), await t.hold(backend), await t.hold(await t.open())]
  const batch = [first.claim, t.claim(), t.claim(foreign.claim.key), last.claim]
  const answers = await backend.renew(batch.map((claim) => ({ ...claim, ttlMs: LONG_MS })))
  assert.equal(answers.length, 4)
  assert.equal(granted(answers[0]).fencingToken, first.grant.fencingToken)
  assert.deepEqual(answers.slice(1, 3), ['gone', 'gone'])
  assert.equal(granted(answers[3]).fencingToken, last.grant.fencingToken)
})

add('batch-ttls', 'in a batch, each claim is renewed for a TTL of its own', async (t) => {
  const backend = await t.open()
  const [long, short] = [await t.hold(backend), await t.hold(backend, t.key(), t.ttlMs)]
  const [renewed, other] = await backend.renew([
    { ...long.claim, ttlMs: LONG_MS },
    { ...short.claim, ttlMs: t.ttlMs },
  ])
  assert.ok(granted(renewed).ttlMs >= LONG_MS, 'the longer one is cut to the shorter')
  granted(other)
  await t.holdInTime(await t.open(), short.claim.key, t.expiryMs)
  contended(await (await t.open()).tryAcquire(t.claim(long.claim.key), t.terms()))
})

add('batch-sizes', 'an empty batch and one of five hundred claims are answered alike', async (t) => {
  const backend = await t.open()
  assert.deepEqual(await backend.renew([]), [])
  const { claim, grant } = await t.hold(backend)
  const batch = Array.from({ length: 500 }, (_, i) => (i === 250 ? claim : t.claim()))
  const answers = await backend.renew(batch.map((claim) => ({ ...claim, ttlMs: LONG_MS })))
  assert.equal(answers.filter((answer) => answer === 'gone').length, 499)
  assert.equal(granted(answers[250]).fencingToken, grant.fencingToken)
})

add('background', 'the engine renews a lease for as long as it is held, and its token stays', async (t) => {
  const { locks, saw } = await t.process()
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  const token = lease.fencingToken
  await t.pass(t.ttlMs * 3)
  lease.assertHeld()
  assert.equal(lease.signal.aborted, false)
  assert.equal(lease.fencingToken, token)
  assert.ok(saw('renewed'))
  contended(await (await t.open()).tryAcquire(t.claim(lease.key), t.terms()))
})

add('not-asked', 'a lease without automatic renewal is never renewed by itself', async (t) => {
  const { locks, wire } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  await t.until(() => lease.signal.aborted, 'the lease expires', t.ttlMs)
  assert.equal(wire.count('renew'), 0)
})

add('batched', 'the renewals of many leases travel together', async (t) => {
  const { locks, wire } = await t.process()
  const acquire = () => locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 5 })
  const leases: Lease[] = []
  for (let i = 0; i < 4; i += 1) leases.push(...(await Promise.all(Array.from({ length: 50 }, acquire))))
  await t.pass(t.ttlMs * 4)
  for (const lease of leases) lease.assertHeld()
  const batches = wire.requests.filter(({ operation }) => operation === 'renew').map(({ claims }) => claims.length)
  const renewed = batches.reduce((sum, size) => sum + size, 0)
  assert.ok(renewed >= 200, `${renewed} renewals`)
  assert.ok(batches.length <= renewed / 10, `${renewed} renewals in ${batches.length} requests`)
})

add('no-storm', 'a renewal that is not answered is repeated a few times, not in a storm', async (t) => {
  const { locks, wire } = await t.process()
  const gate = holdReply()
  wire.always('renew', gate.fate)
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  await t.until(() => lease.signal.aborted, 'the lease runs out', t.ttlMs * 2)
  assert.ok(gate.arrived >= 1 && gate.arrived <= 5, `${gate.arrived} renewals within one TTL`)
  gate.open()
})

add('jeopardy', 'a failed renewal is jeopardy, not loss, and the next one may save the lease', async (t) => {
  const { locks, wire, saw } = await t.process()
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 2 })
  wire.next('renew', requestLost)
  await t.until(() => saw('jeopardy'), 'a renewal fails', t.ttlMs * 2)
  lease.assertHeld()
  assert.equal(lease.signal.aborted, false)
  await t.until(() => saw('renewed'), 'a later renewal succeeds', t.ttlMs * 2)
  await t.pass(t.ttlMs * 2)
  lease.assertHeld()
  assert.ok(!saw('lost'))
})

add('unknown', 'a renewal answered with unknown is jeopardy, not loss', async (t) => {
  const { locks, wire, saw } = await t.process()
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 2 })
  wire.next(
    'renew',
    altered((reply) => reply.map(() => 'unknown' as const)),
  )
  await t.until(() => saw('jeopardy'), 'the observer is told', t.ttlMs * 2)
  lease.assertHeld()
  await t.until(() => saw('renewed'), 'a later renewal succeeds', t.ttlMs * 2)
})

add('gone', 'when the backend says that the claim is gone, the lease is lost at once', async (t) => {
  const { locks, wire, events } = await t.process()
  const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  wire.next(
    'renew',
    altered((reply) => reply.map(() => 'gone' as const)),
  )
  await t.rejects(lease.renew(), 'LEASE_LOST')
  assertOver(lease, 'LEASE_LOST')
  assert.equal(lease.remainingMs, 0)
  assert.equal(lease.signal.aborted, true)
  assert.ok(events.some((event) => event.type === 'lost' && event.reason === 'gone'))
  assert.equal(await t.settled(lease.release()), 'lost')
})

add('until-the-deadline', 'when every renewal fails, the lease is lost at its deadline and not before', async (t) => {
  const { locks, wire, events } = await t.process({ marginMs: 0 })
  wire.always('renew', requestLost)
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  let leftMs = lease.remainingMs
  await t.until(
    () => {
      if (!lease.signal.aborted) leftMs = lease.remainingMs
      return lease.signal.aborted
    },
    'the lease is lost',
    t.ttlMs,
  )
  assert.ok(leftMs < t.ttlMs / 2, `given up with ${leftMs} ms left`)
  const tries = wire.count('renew')
  assert.ok(tries >= 2 && tries <= 50, `renewal was tried ${tries} times`)
  assert.equal(events.filter((event) => event.type === 'jeopardy').length, 1)
  assert.ok(events.some((event) => event.type === 'lost' && event.reason === 'expired'))
})

add('from-the-send', 'after a renewal, validity counts from before that renewal was sent', async (t) => {
  const { locks, wire } = await t.process({ autoRenew: false, marginMs: 0, requestTimeoutMs: LONG_MS })
  const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  const gate = holdReply()
  wire.next('renew', gate.fate)
  const renewing = lease.renew()
  await t.until(() => gate.arrived === 1, 'the server answers')
  await t.pass(t.ttlMs / 2)
  gate.open()
  await t.settled(renewing)
  const bound = LONG_MS - t.ttlMs / 2 + 2
  assert.ok(lease.remainingMs <= bound, `trusted for ${lease.remainingMs} ms of ${bound}`)
})

add('too-late', 'a renewal whose answer comes after the deadline does not bring the lease back', async (t) => {
  const { locks, wire } = await t.process({ autoRenew: false, requestTimeoutMs: LONG_MS })
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  const gate = holdReply()
  wire.next('renew', gate.fate)
  await t.pass(t.ttlMs / 2)
  const renewing = assert.rejects(lease.renew(), (error) => isLeaseholdError(error))
  // The server keeps the key for one and a half TTLs: by the answer alone, the lease would be valid still.
  await t.until(() => lease.remainingMs === 0, 'the lease runs out', t.ttlMs)
  assert.equal(gate.arrived, 1)
  gate.open()
  await t.settled(renewing)
  await t.pass(0)
  assert.equal(lease.remainingMs, 0)
  assertOver(lease, 'LEASE_LOST')
})

add('token-changed', 'a renewal that comes with another token does not prolong the lease', async (t) => {
  const { locks, wire } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  const { fencingToken } = lease
  await t.pass(t.ttlMs / 2)
  wire.next(
    'renew',
    altered((reply) => reply.map(withNextToken)),
  )
  await t.settled(lease.renew().catch(() => {}))
  assert.ok(lease.remainingMs <= t.ttlMs / 2 + 2, `trusted for ${lease.remainingMs} ms`)
  assert.equal(lease.fencingToken, fencingToken)
})

add('by-hand', 'a lease can be renewed by hand, until it was released', async (t) => {
  const { locks } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  await quarters(t, 8, () => lease.renew())
  lease.assertHeld()
  await lease.release()
  await t.rejects(lease.renew(), 'LEASE_ENDED')
})

add('released-meanwhile', 'a lease that is released while its renewal is under way stays released', async (t) => {
  const { locks, wire, saw } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  const gate = holdReply()
  wire.next('renew', gate.fate)
  const renewing = assert.rejects(lease.renew(), (error) => isLeaseholdError(error))
  await t.until(() => gate.arrived === 1, 'the server renews')
  assert.equal(await t.settled(lease.release()), 'released')
  gate.open()
  await t.settled(renewing)
  assertOver(lease, 'LEASE_ENDED')
  assert.equal(saw('lost'), false)
  await t.assertFree(lease.key)
})

const withNextToken = (renewal: Renewal): Renewal =>
  typeof renewal === 'object' ? ({ ...renewal, fencingToken: renewal.fencingToken + 1n } satisfies Grant) : renewal

/** A server that takes a while for one of them is no reason to lose the lease. */
async function quarters(t: Trial, count: number, action: () => Promise<void>): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    await t.pass(t.ttlMs / 4)
    await t.settled(action())
  }
}
