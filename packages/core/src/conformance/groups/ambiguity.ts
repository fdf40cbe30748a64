import assert from 'node:assert/strict'
import { isLeaseholdError } from '../../errors.ts'
import { caseGroup } from '../case.ts'
import { failing, holdReply, holdRequest, replyLost, replySwallowed, requestLost, sentTwice } from '../fates.ts'
import { assertOver, contended, granted, LONG_MS } from '../trial.ts'
import { wire } from '../wire.ts'

const { cases, add } = caseGroup('ambiguity')
export const ambiguityCases = cases

add('acquire-again', 'after a lost answer, the same claim learns its own grant by asking again', async (t) => {
  const { backend, next } = wire(t.open())
  const claim = t.claim()
  next('tryAcquire', replyLost)
  await assert.rejects(backend.tryAcquire(claim, t.terms()))
  granted(await backend.tryAcquire(claim, t.terms()))
  assert.equal(await backend.release(claim), true)
  assert.equal(await t.isFree(claim.key), true)
})

add('acquire-twice', 'an attempt that arrives twice is one hold, ended by one release', async (t) => {
  const { backend, next } = wire(t.open())
  const claim = t.claim()
  next('tryAcquire', sentTwice)
  granted(await backend.tryAcquire(claim, t.terms()))
  assert.equal(await backend.release(claim), true)
  assert.equal(await t.isFree(claim.key), true)
})

add('release-twice', 'a release that arrives again, late, does not end the hold of the successor', async (t) => {
  const backend = t.open()
  const { claim } = await t.hold(backend)
  assert.equal(await backend.release(claim), true)
  await t.hold(t.open(), claim.key)
  assert.equal(await backend.release(claim), false)
  contended(await t.open().tryAcquire(t.claim(claim.key), t.terms()))
})

add('release-answers', 'releasing twice, or a claim never granted, says no', async (t) => {
  const backend = t.open()
  const { claim } = await t.hold(backend)
  assert.equal(await backend.release(t.claim(claim.key)), false)
  assert.equal(await backend.release(claim), true)
  assert.equal(await backend.release(claim), false)
  assert.equal(await backend.release(t.claim()), false)
})

add('renew-twice', 'a renewal that arrives twice does no harm', async (t) => {
  const { backend, next } = wire(t.open())
  const { claim, grant } = await t.hold(backend)
  next('renew', sentTwice)
  const [renewal] = await backend.renew([{ ...claim, ttlMs: LONG_MS }])
  assert.equal(granted(renewal).fencingToken, grant.fencingToken)
})

add('ghost', 'a request that arrives after it was given up is gone within one TTL', async (t) => {
  const { locks, wire: line } = await t.process({ requestTimeoutMs: 50 })
  const gate = holdRequest()
  line.next('tryAcquire', gate.fate)
  const lock = locks.lock(t.key())
  await t.rejects(lock.tryAcquire({ ttlMs: t.ttlMs }), 'BACKEND_UNAVAILABLE')
  gate.open()
  await t.pass(t.time.arrivalMs)
  await t.holdInTime(t.open(), lock.key, t.expiryMs)
})

add('acquire-reply-lost', 'a grant whose answer was lost is withdrawn, not left until its TTL is over', async (t) => {
  const { locks, wire: line } = await t.process()
  line.next('tryAcquire', replyLost)
  const lock = locks.lock(t.key())
  await t.rejects(lock.tryAcquire({ ttlMs: LONG_MS }), 'BACKEND_UNAVAILABLE')
  await t.until(() => t.isFree(lock.key), 'the claim is withdrawn', 5_000)
})

add(
  'acquire-silence',
  'a request that is not answered in time is given up, and what it took is withdrawn',
  async (t) => {
    const { locks, wire: line } = await t.process({ requestTimeoutMs: 100 })
    line.next('tryAcquire', replySwallowed)
    const lock = locks.lock(t.key())
    await t.rejects(lock.tryAcquire({ ttlMs: LONG_MS }), 'BACKEND_UNAVAILABLE', 2_000)
    await t.until(() => t.isFree(lock.key), 'the claim is withdrawn', 5_000)
  },
)

add('withdrawal-fails', 'a withdrawal that fails is left to the TTL, and the observer is told', async (t) => {
  const { locks, wire: line, saw } = await t.process()
  line.next('tryAcquire', replyLost)
  line.always('release', requestLost)
  const lock = locks.lock(t.key())
  await t.rejects(lock.tryAcquire({ ttlMs: t.ttlMs }), 'BACKEND_UNAVAILABLE')
  await t.until(() => saw('backend-error'), 'the observer is told')
  await t.holdInTime(t.open(), lock.key, t.expiryMs)
})

add('grant-after-abort', 'a grant that arrives after the caller aborted is released at once', async (t) => {
  const { locks, wire: line } = await t.process({ requestTimeoutMs: 60_000 })
  const gate = holdReply()
  line.always('tryAcquire', gate.fate)
  line.always('waitForTurn', gate.fate)
  const abort = new AbortController()
  const key = t.key()
  const acquiring = locks.lock(key).acquire({ ttlMs: LONG_MS, signal: abort.signal })
  await t.until(() => gate.arrived > 0, 'the server grants')
  abort.abort(new Error('enough'))
  await assert.rejects(t.settled(acquiring, 5_000), /enough/)
  line.heal()
  gate.open()
  await t.until(() => t.isFree(key), 'the grant is released', 5_000)
})

add('grant-after-timeout', 'a grant that arrives after the wait was over is released at once', async (t) => {
  const { locks, wire: line } = await t.process({ requestTimeoutMs: 1_000 })
  const gate = holdReply()
  line.always('tryAcquire', gate.fate)
  line.always('waitForTurn', gate.fate)
  const key = t.key()
  const acquiring = locks.lock(key).acquire({ ttlMs: LONG_MS, waitMs: 50 })
  await t.rejects(acquiring, 'ACQUIRE_TIMEOUT', 5_000)
  await t.until(() => gate.arrived === 1, 'the server grants', 5_000)
  line.heal()
  gate.open()
  await t.until(() => t.isFree(key), 'the grant is released', 5_000)
})

add(
  'release-reply-lost',
  'after a release whose answer was lost, the lease is over here and at the server',
  async (t) => {
    const { locks, wire: line } = await t.process()
    const lease = await locks.lock(t.key()).acquire({ ttlMs: LONG_MS })
    line.next('release', replyLost)
    await t.settled(lease.release().catch(onlyUnavailable))
    assert.equal(lease.remainingMs, 0)
    assertOver(lease)
    assert.equal(await t.isFree(lease.key), true)
  },
)

add(
  'release-lost',
  'a release that never arrived leaves nothing renewing: the key is free within the TTL',
  async (t) => {
    const { locks, wire: line } = await t.process()
    const lease = await locks.lock(t.key()).acquire({ ttlMs: t.ttlMs })
    line.always('release', requestLost)
    await t.settled(lease.release().catch(onlyUnavailable))
    assertOver(lease)
    await t.holdInTime(t.open(), lease.key, t.expiryMs)
  },
)

add('release-not-aborted', 'the signal that stops a wait does not stop the release', async (t) => {
  const { locks } = await t.process()
  const abort = new AbortController()
  const lock = locks.lock(t.key())
  const work = lock.run({ signal: abort.signal, ttlMs: LONG_MS }, (lease) => {
    abort.abort(new Error('too late'))
    lease.assertHeld()
    return 'done'
  })
  assert.equal(await t.settled(work), 'done')
  await t.until(() => t.isFree(lock.key), 'the lease is released', 2_000)
})

add('renew-reply-lost', 'a renewal whose answer was lost leaves the lease alive', async (t) => {
  const { locks, wire: line } = await t.process({ autoRenew: false })
  const lease = await locks.lock(t.key()).acquire({ ttlMs: LONG_MS })
  line.next('renew', replyLost)
  await t.rejects(lease.renew(), 'BACKEND_UNAVAILABLE')
  lease.assertHeld()
  await t.settled(lease.renew())
  lease.assertHeld()
})

add('outage-waited-for', 'with a bounded wait, an unreachable backend is waited for', async (t) => {
  const { locks, wire: line } = await t.process({ pollMs: 100 })
  line.next('tryAcquire', requestLost)
  line.next('tryAcquire', requestLost)
  line.next('waitForTurn', requestLost)
  const lease = await t.settled(locks.lock(t.key()).acquire({ waitMs: 5_000 }), 5_000)
  lease.assertHeld()
})

add('outage-reported', 'without a bounded wait, an unreachable backend rejects at once', async (t) => {
  const { locks, wire: line } = await t.process()
  line.always('tryAcquire', requestLost)
  line.always('waitForTurn', requestLost)
  await t.rejects(locks.lock(t.key()).acquire(), 'BACKEND_UNAVAILABLE', 5_000)
})

add('refusal', 'what the backend calls refused is not tried again', async (t) => {
  const { locks, wire: line } = await t.process({ refuses: true })
  line.always('tryAcquire', failing(new Error('wrong password')))
  line.always('waitForTurn', failing(new Error('wrong password')))
  await t.rejects(locks.lock(t.key()).acquire({ waitMs: 5_000 }), 'BACKEND_REFUSED', 2_000)
  assert.equal(line.count('tryAcquire') + line.count('waitForTurn'), 1)
})

function onlyUnavailable(error: unknown): void {
  assert.ok(isLeaseholdError(error, 'BACKEND_UNAVAILABLE'), String(error))
}
