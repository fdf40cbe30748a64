import assert from 'node:assert/strict'
import { isLeaseholdError } from '../../errors.ts'
import { assertOver, contended } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { holdReply } from '../fates.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('ttl')
export const ttlCases = cases

const YEAR_MS = 31_536_000_000

add('expires', 'the server frees the key of a silent holder within its TTL and the stated slack', async (t) => {
  const { claim } = await t.hold(await t.open(), t.key(), t.ttlMs)
  await t.holdInTime(await t.open(), claim.key, t.expiryMs)
})

add(
  'expires-beside',
  "a silent holder's key comes free although others of its client and TTL renew theirs",
  async (t) => {
    const backend = await t.open()
    const [silent, lively] = [await t.hold(backend, t.key(), t.ttlMs), await t.hold(backend, t.key(), t.ttlMs)]
    const rival = await t.open()
    let freed = false
    const coming = t.holdInTime(rival, silent.claim.key, t.expiryMs).finally(() => {
      freed = true
    })
    coming.catch(() => {})
    while (!freed) {
      await t.settled(backend.renew([{ ...lively.claim, ttlMs: t.ttlMs }]))
      await t.pass(t.ttlMs / 4)
    }
    await coming
    contended(await rival.tryAcquire(t.claim(lively.claim.key), t.terms()))
  },
)

add('not-early', 'the server does not free a key before the granted TTL is over', async (t) => {
  const sentMs = t.nowMs()
  const { claim, grant } = await t.hold(await t.open(), t.key(), t.ttlMs)
  await t.holdInTime(await t.open(), claim.key, t.expiryMs)
  // 1 ms: servers and clients round.
  assert.ok(t.nowMs() - sentMs >= grant.ttlMs - 1, `freed ${t.nowMs() - sentMs} ms after a grant of ${grant.ttlMs} ms`)
})

add('smallest', 'asked for less than its smallest TTL, the backend grants that', async (t) => {
  const { minTtlMs } = t.capabilities
  const { grant } = await t.hold(await t.open(), t.key(), 1)
  assert.equal(grant.ttlMs, Math.max(minTtlMs, 1))
})

add('longest', 'a TTL of a year is granted as such, and does not wrap round', async (t) => {
  const { claim, grant } = await t.hold(await t.open(), t.key(), YEAR_MS)
  assert.ok(grant.ttlMs >= YEAR_MS, `granted ${grant.ttlMs} ms`)
  await t.pass(t.ttlMs)
  contended(await (await t.open()).tryAcquire(t.claim(claim.key), t.terms()))
})

add('no-revival', 'a late renewal does not revive an expired claim', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend, t.key(), t.ttlMs)
  await t.pass(t.expiryMs + 1)
  assert.deepEqual(await backend.renew([{ ...claim, ttlMs: LONG_MS }]), ['gone'])
  await t.assertFree(claim.key)
})

add(
  'stalled-renewal',
  'a renewal that the server could only work on after the hold had run out revives nothing',
  'stall',
  async (t) => {
    const backend = await t.open()
    const { claim } = await t.hold(backend, t.key(), t.ttlMs)
    const goOn = await t.faults.stall?.(claim.key)
    t.defer(async () => goOn?.())
    const renewing = backend.renew([{ ...claim, ttlMs: LONG_MS }]).catch(() => ['unknown'])
    await t.pass(t.expiryMs + 1)
    await goOn?.()
    const [renewal] = await t.settled(renewing)
    assert.ok(renewal === 'gone' || renewal === 'unknown', 'an expired hold was renewed')
    await t.holdInTime(await t.open(), claim.key, t.soonMs)
  },
)

add('release-after-expiry', 'releasing an expired claim says no', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend, t.key(), t.ttlMs)
  await t.holdInTime(await t.open(), claim.key, t.expiryMs)
  assert.equal(await backend.release(claim), false, 'the release says that it ended a hold that is not its own')
})

add(
  'spares-successor',
  'a stale holder neither releases nor renews nor shortens the hold of its successor',
  async (t) => {
    const backend = await t.open()
    const stale = await t.hold(backend, t.key(), t.ttlMs)
    const successor = await t.holdInTime(await t.open(), stale.claim.key, t.expiryMs)
    assert.deepEqual(await backend.renew([{ ...stale.claim, ttlMs: 1 }]), ['gone'])
    assert.equal(await backend.release(stale.claim), false, 'the release says that it ended a hold that is not its own')
    await t.pass(t.capabilities.minTtlMs + t.capabilities.slackMs + 1)
    contended(await (await t.open()).tryAcquire(t.claim(stale.claim.key), t.terms()))
    assert.equal(
      await (await t.open()).release({ ...successor.claim, holder: stale.claim.holder }),
      false,
      'the release says that it ended a hold that is not its own',
    )
  },
)

add('from-the-send', 'validity counts from before the request was sent, not from when the answer came', async (t) => {
  const { locks, wire } = await t.process({ autoRenew: false, marginMs: 0, requestTimeoutMs: LONG_MS })
  const gate = holdReply()
  wire.next('tryAcquire', gate.fate)
  const acquiring = locks.named(t.key()).tryAcquire({ ttlMs: LONG_MS })
  await t.until(() => gate.arrived === 1, 'the server answers')
  await t.pass(t.ttlMs / 2)
  gate.open()
  const lease = await t.settled(acquiring)
  // 2 ms: real timers may fire early.
  const bound = LONG_MS - t.ttlMs / 2 + 2
  assert.ok(lease && lease.remainingMs <= bound, `trusted for ${lease?.remainingMs} ms of ${bound}`)
})

add('margin', 'validity ends before the granted TTL, by one per cent and at least 2 ms', async (t) => {
  const { locks } = await t.process({ autoRenew: false })
  const long = await locks.named(t.key()).tryAcquire({ ttlMs: LONG_MS })
  assert.ok(long && long.remainingMs <= LONG_MS * 0.99, `trusted for ${long?.remainingMs} ms of ${LONG_MS}`)
  const short = await locks.named(t.key()).tryAcquire({ ttlMs: t.ttlMs })
  assert.ok(short && short.remainingMs <= t.ttlMs - 2, `trusted for ${short?.remainingMs} ms of ${t.ttlMs}`)
})

add('computed', 'with the event loop blocked and no timer fired, an expired lease is not held', async (t) => {
  const { locks, clock } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).tryAcquire({ ttlMs: t.ttlMs })
  assert.ok(lease)
  lease.assertHeld()
  clock.stallTimers()
  await t.pass(t.ttlMs)
  assert.equal(lease.remainingMs, 0)
  assertOver(lease, 'LEASE_LOST')
})

add(
  'wall-forward',
  'a wall clock that moved past the TTL ends validity while the monotonic clock stood still',
  async (t) => {
    const { locks, clock } = await t.process({ autoRenew: false })
    const lease = await locks.named(t.key()).tryAcquire({ ttlMs: LONG_MS })
    assert.ok(lease)
    clock.jumpWall(LONG_MS)
    assert.equal(lease.remainingMs, 0)
    assertOver(lease, 'LEASE_LOST')
  },
)

add('wall-back', 'a wall clock that was set back prolongs nothing', async (t) => {
  const { locks, clock } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).tryAcquire({ ttlMs: t.ttlMs })
  assert.ok(lease)
  clock.jumpWall(-LONG_MS)
  assert.ok(lease.remainingMs <= t.ttlMs)
  await t.pass(t.ttlMs)
  assert.equal(lease.remainingMs, 0)
  assertOver(lease, 'LEASE_LOST')
})

add('valid-before-free', 'whenever the server grants the key anew, the former lease is no longer valid', async (t) => {
  const { locks } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).tryAcquire({ ttlMs: t.ttlMs })
  assert.ok(lease)
  await t.holdInTime(await t.open(), lease.key, t.expiryMs)
  assert.equal(lease.remainingMs, 0)
})

add('enough-left', 'assertHeld refuses a lease with less time left than asked for', async (t) => {
  const { locks } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).tryAcquire({ ttlMs: LONG_MS })
  assert.ok(lease)
  lease.assertHeld(LONG_MS / 2)
  assert.throws(
    () => lease.assertHeld(LONG_MS),
    (error) => isLeaseholdError(error),
  )
  lease.assertHeld()
})

add(
  'signal',
  'the signal of a lease aborts at its deadline with the loss as reason, and the observer is told',
  async (t) => {
    const { locks, events } = await t.process({ autoRenew: false })
    const lease = await locks.named(t.key()).tryAcquire({ ttlMs: t.ttlMs })
    assert.ok(lease)
    assert.equal(lease.signal.aborted, false)
    await t.until(() => lease.signal.aborted, 'the signal aborts', t.ttlMs)
    assert.ok(isLeaseholdError(lease.signal.reason, 'LEASE_LOST'))
    const lost = events.find((event) => event.type === 'lost')
    assert.ok(lost?.type === 'lost' && lost.reason === 'expired' && lost.key === lease.key)
  },
)

add('late-signal', 'the signal of a lease that is lost already has aborted when it is first looked at', async (t) => {
  const { locks, clock } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).tryAcquire({ ttlMs: LONG_MS })
  assert.ok(lease)
  clock.jumpWall(LONG_MS)
  assertOver(lease, 'LEASE_LOST')
  assert.equal(lease.signal.aborted, true)
  assert.ok(isLeaseholdError(lease.signal.reason, 'LEASE_LOST'))
})

add('max-hold', 'a lease is given up when its longest hold is over, however often it was renewed', async (t) => {
  const { locks, events } = await t.process()
  const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS, maxHoldMs: t.ttlMs })
  await t.until(() => lease.signal.aborted, 'the lease is given up', t.ttlMs)
  assert.ok(events.some((event) => event.type === 'lost' && event.reason === 'max-hold'))
  await t.until(() => t.isFree(lease.key), 'the key is released')
})
