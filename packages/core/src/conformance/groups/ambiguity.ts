import assert from 'node:assert/strict'
import { isLeaseholdError } from '../../errors.ts'
import { assertOver, contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { failing, holdReply, holdRequest, replyLost, replySwallowed, requestLost, sentTwice } from '../fates.ts'
import { LONG_MS } from '../trial.ts'
import { wire } from '../wire.ts'

const { cases, add } = caseGroup('ambiguity')
export const ambiguityCases = cases

add('acquire-again', 'after a lost answer, the same claim learns its own grant by asking again', async (t) => {
  const { backend, next } = wire(await t.open())
  const claim = t.claim()
  next('tryAcquire', replyLost)
  await assert.rejects(backend.tryAcquire(claim, t.terms()))
  granted(await backend.tryAcquire(claim, t.terms()))
  assert.equal(await backend.release(claim), true, 'the release did not end the hold')
  await t.assertFree(claim.key)
})

add('acquire-twice', 'an attempt that arrives twice is one hold, ended by one release', async (t) => {
  const { backend, next } = wire(await t.open())
  const claim = t.claim()
  next('tryAcquire', sentTwice)
  granted(await backend.tryAcquire(claim, t.terms()))
  assert.equal(await backend.release(claim), true, 'the release did not end the hold')
  await t.assertFree(claim.key)
})

add('release-twice', 'a release that arrives again, late, does not end the hold of the successor', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend)
  assert.equal(await backend.release(claim), true, 'the release did not end the hold')
  await t.hold(await t.open(), claim.key)
  assert.equal(await backend.release(claim), false, 'the release says that it ended a hold that is not its own')
  contended(await (await t.open()).tryAcquire(t.claim(claim.key), t.terms()))
})

add('release-answers', 'releasing twice, or a claim never granted, says no', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend)
  assert.equal(
    await backend.release(t.claim(claim.key)),
    false,
    'the release says that it ended a hold that is not its own',
  )
  assert.equal(await backend.release(claim), true, 'the release did not end the hold')
  assert.equal(await backend.release(claim), false, 'the release says that it ended a hold that is not its own')
  assert.equal(await backend.release(t.claim()), false, 'the release says that it ended a hold that is not its own')
})

add(
  'release-all',
  'a release of many answers each in its place, and touches nobody else: held, never granted, held by another, released, held',
  'releaseAll',
  async (t) => {
    const [backend, rival] = [await t.open(), await t.open()]
    const [first, last, foreign] = [await t.hold(backend), await t.hold(backend), await t.hold(rival)]
    const [stranger, gone] = [t.claim(foreign.claim.key), (await t.hold(backend)).claim]
    await backend.release(gone)
    const answers = await backend.releaseAll?.([first.claim, t.claim(), stranger, gone, last.claim])
    assert.deepEqual(answers, [true, false, false, false, true])
    for (const { claim } of [first, last]) await t.assertFree(claim.key)
    contended(await backend.tryAcquire(t.claim(foreign.claim.key), t.terms()))
    assert.deepEqual(await backend.releaseAll?.([]), [])
  },
)

add('release-all-at-once', 'a release of five hundred is answered as one is', 'releaseAll', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend)
  const batch = Array.from({ length: 500 }, (_, i) => (i === 250 ? claim : t.claim()))
  const answers = await backend.releaseAll?.(batch)
  assert.equal(answers?.length, 500)
  assert.deepEqual([answers?.indexOf(true), answers?.lastIndexOf(true)], [250, 250])
  await t.assertFree(claim.key)
})

add('renew-twice', 'a renewal that arrives twice does no harm', async (t) => {
  const { backend, next } = wire(await t.open())
  const { claim, grant } = await t.hold(backend)
  next('renew', sentTwice)
  const [renewal] = await backend.renew([{ ...claim, ttlMs: LONG_MS }])
  assert.equal(granted(renewal).fencingToken, grant.fencingToken)
})

add('ghost', 'a request that arrives after it was given up is gone within one TTL', async (t) => {
  const { locks, wire: line } = await t.process({ requestTimeoutMs: t.briefMs })
  const gate = holdRequest()
  line.next('tryAcquire', gate.fate)
  const lock = locks.named(t.key())
  await t.rejects(lock.tryAcquire({ ttlMs: t.ttlMs }), 'BACKEND_UNAVAILABLE')
  gate.open()
  await t.pass(t.arrivalMs)
  await t.holdInTime(await t.open(), lock.key, t.expiryMs)
})

add('acquire-reply-lost', 'a grant whose answer was lost is withdrawn, not left until its TTL is over', async (t) => {
  const { locks, wire: line } = await t.process()
  line.next('tryAcquire', replyLost)
  const lock = locks.named(t.key())
  await t.rejects(lock.tryAcquire({ ttlMs: LONG_MS }), 'BACKEND_UNAVAILABLE')
  await t.until(() => t.isFree(lock.key), 'the claim is withdrawn', t.soonMs)
})

add(
  'acquire-silence',
  'a request that is not answered in time is given up, and what it took is withdrawn',
  async (t) => {
    const { locks, wire: line } = await t.process({ requestTimeoutMs: t.briefMs })
    line.next('tryAcquire', replySwallowed)
    const lock = locks.named(t.key())
    await t.rejects(lock.tryAcquire({ ttlMs: LONG_MS }), 'BACKEND_UNAVAILABLE', t.soonMs)
    await t.until(() => t.isFree(lock.key), 'the claim is withdrawn', t.soonMs)
  },
)

add('withdrawal-fails', 'a withdrawal that fails is left to the TTL, and the observer is told', async (t) => {
  const { locks, wire: line, saw } = await t.process()
  line.next('tryAcquire', replyLost)
  line.always('release', requestLost)
  const lock = locks.named(t.key())
  await t.rejects(lock.tryAcquire({ ttlMs: t.ttlMs }), 'BACKEND_UNAVAILABLE')
  await t.until(() => saw('backend-error'), 'the observer is told')
  await t.holdInTime(await t.open(), lock.key, t.expiryMs)
})

add('grant-after-abort', 'a grant that arrives after the caller aborted is released at once', async (t) => {
  const { locks, wire: line } = await t.process({ requestTimeoutMs: LONG_MS })
  const gate = holdReply()
  line.always('tryAcquire', gate.fate)
  line.always('waitForTurn', gate.fate)
  const abort = new AbortController()
  const key = t.key()
  const acquiring = locks.named(key).acquire({ ttlMs: LONG_MS, signal: abort.signal })
  await t.until(() => gate.arrived > 0, 'the server grants')
  abort.abort(new Error('enough'))
  await assert.rejects(t.settled(acquiring, t.soonMs), /enough/)
  line.heal()
  gate.open()
  await t.until(() => t.isFree(key), 'the grant is released', t.soonMs)
})

add('grant-after-timeout', 'a grant that arrives after the wait was over is released at once', async (t) => {
  // An attempt under way gets its answer, up to the limit of a request.
  const { locks, wire: line } = await t.process({ requestTimeoutMs: t.briefMs })
  const gate = holdReply()
  line.always('tryAcquire', gate.fate)
  line.always('waitForTurn', gate.fate)
  const key = t.key()
  const acquiring = locks.named(key).acquire({ ttlMs: LONG_MS, waitMs: t.pollMs })
  await t.rejects(acquiring, 'ACQUIRE_TIMEOUT', t.soonMs)
  await t.until(() => gate.arrived === 1, 'the server grants', t.soonMs)
  line.heal()
  gate.open()
  await t.until(() => t.isFree(key), 'the grant is released', t.soonMs)
})

add(
  'release-reply-lost',
  'after a release whose answer was lost, the lease is over here and at the server',
  async (t) => {
    const { locks, wire: line } = await t.process()
    const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
    line.next('release', replyLost)
    await t.settled(lease.release().catch(onlyUnavailable))
    assert.equal(lease.remainingMs, 0)
    assertOver(lease)
    await t.assertFree(lease.key)
  },
)

add(
  'release-lost',
  'a release that never arrived leaves nothing renewing: the key is free within the TTL',
  async (t) => {
    const { locks, wire: line } = await t.process()
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
    line.always('release', requestLost)
    await t.settled(lease.release().catch(onlyUnavailable))
    assertOver(lease)
    await t.holdInTime(await t.open(), lease.key, t.expiryMs)
  },
)

add('release-not-aborted', 'the signal that stops a wait does not stop the release', async (t) => {
  const { locks } = await t.process()
  const abort = new AbortController()
  const lock = locks.named(t.key())
  const work = lock.run({ signal: abort.signal, ttlMs: LONG_MS }, (lease) => {
    abort.abort(new Error('too late'))
    lease.assertHeld()
    return 'done'
  })
  assert.equal(await t.settled(work), 'done')
  await t.until(() => t.isFree(lock.key), 'the lease is released', t.soonMs)
})

add('renew-reply-lost', 'a renewal whose answer was lost leaves the lease alive', async (t) => {
  const { locks, wire: line } = await t.process({ autoRenew: false })
  const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  line.next('renew', replyLost)
  await t.rejects(lease.renew(), 'BACKEND_UNAVAILABLE')
  lease.assertHeld()
  await t.settled(lease.renew())
  lease.assertHeld()
})

add('outage-waited-for', 'with a bounded wait, an unreachable backend is waited for', async (t) => {
  const { locks, wire: line } = await t.process({ pollMs: t.pollMs })
  line.next('tryAcquire', requestLost)
  line.next('tryAcquire', requestLost)
  line.next('waitForTurn', requestLost)
  const lease = await t.settled(locks.named(t.key()).acquire({ waitMs: t.patienceMs }))
  lease.assertHeld()
})

add('outage-reported', 'without a bounded wait, an unreachable backend rejects at once', async (t) => {
  const { locks, wire: line } = await t.process()
  line.always('tryAcquire', requestLost)
  line.always('waitForTurn', requestLost)
  await t.rejects(locks.named(t.key()).acquire(), 'BACKEND_UNAVAILABLE', t.soonMs)
})

add('refusal', 'what the backend calls refused is not tried again', async (t) => {
  const { locks, wire: line } = await t.process({ refuses: true })
  line.always('tryAcquire', failing(new Error('wrong password')))
  line.always('waitForTurn', failing(new Error('wrong password')))
  await t.rejects(locks.named(t.key()).acquire({ waitMs: t.patienceMs }), 'BACKEND_REFUSED', t.soonMs)
  assert.equal(line.count('tryAcquire') + line.count('waitForTurn'), 1)
})

add(
  'refused',
  'a client whom the server turns away is told so, and does not wait for a better time',
  'openRefused',
  async (t) => {
    const { locks } = await t.process({}, t.openRefused())
    const lock = locks.named(t.key())
    await t.rejects(lock.tryAcquire(), 'BACKEND_REFUSED')
    await t.rejects(lock.acquire({ waitMs: LONG_MS }), 'BACKEND_REFUSED')
  },
)

function onlyUnavailable(error: unknown): void {
  assert.ok(isLeaseholdError(error, 'BACKEND_UNAVAILABLE'), String(error))
}
