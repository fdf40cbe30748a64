import assert from 'node:assert/strict'
import { isLeaseholdError } from '../../errors.ts'
import { assertOver } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { requestLost } from '../fates.ts'
import { LONG_MS } from '../trial.ts'
import { assertTruthful } from '../truthful.ts'

const { cases, add } = caseGroup('faults')

/** What forgets silent connections waits for minutes. So long they may be believed in. */
const FORGOTTEN_MS = 15_000

/** What befalls the connection between a process and its server. */
export const linkCases = cases

add(
  'cut-connection',
  'a connection that breaks ends no lease that the server keeps, and is replaced',
  'openLinked',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const { locks } = await t.process({}, backend)
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 3 })
    link.cut()
    await assertTruthful(t, lease)
    const other = await t.settled(locks.named(t.key()).acquire({ waitMs: t.patienceMs }), t.patienceMs)
    other.assertHeld()
  },
)

add(
  'cut-while-idle',
  'a connection that broke while nobody used it costs nobody anything: the next attempt is granted',
  'openLinked',
  async (t) => {
    // Whoever hears of it later has sent to a connection that was dead, and cannot know what became of that.
    t.toleratedMs = t.arrivalMs / 2
    const { backend, link } = await t.openLinked()
    const { locks } = await t.process({}, backend)
    const lock = locks.named(t.key())
    for (let breaks = 0; breaks < 3; breaks += 1) {
      const lease = await t.settled(lock.acquire())
      await lease.release()
      link.cut()
      // Its end has come to this process by then.
      await t.pass(t.arrivalMs)
    }
    assert.ok(await t.settled(lock.tryAcquire()))
  },
)

add(
  'forgotten-while-idle',
  'a connection that something on its way forgot while nobody used it costs nobody anything: after a quarter of a minute of silence the next attempt is granted',
  'openForgetful',
  async (t) => {
    const { backend, forget } = await t.openForgetful()
    const { locks } = await t.process({}, backend)
    const lock = locks.named(t.key())
    const lease = await t.settled(lock.acquire({ ttlMs: t.ttlMs }))
    await lease.release()
    // What is done after the last lease is done by then.
    await t.pass(t.expiryMs * 2)
    forget()
    await t.pass(FORGOTTEN_MS)
    assert.ok(await t.settled(lock.tryAcquire(), t.soonMs), 'the key is free')
  },
)

add(
  'cut-mid-request',
  'an attempt whose connection breaks under way leaves nothing held beyond one TTL',
  'openLinked',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const key = t.key()
    link.swallow('replies')
    const attempt = backend.tryAcquire(t.claim(key), t.terms(t.ttlMs)).catch(() => {})
    await t.pass(t.arrivalMs)
    assert.equal(await t.isFree(key), false, 'the attempt did not reach the server')
    link.cut()
    link.heal()
    await t.settled(attempt, t.patienceMs)
    await t.holdInTime(await t.open(), key, t.expiryMs)
  },
)

add(
  'cut-mid-release',
  'a release whose connection breaks under way is not answered with "did not hold": nothing sends it again',
  'openLinked',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const { claim } = await t.hold(backend)
    link.swallow('replies')
    const releasing = backend.release(claim).catch(() => 'no answer')
    await t.pass(t.arrivalMs)
    await t.until(() => t.isFree(claim.key), 'the release reaches the server')
    link.cut()
    link.heal()
    assert.notEqual(await t.settled(releasing), false, 'the answer is that of a second release')
  },
)

add(
  'release-unsent',
  'a release that could not be sent, nor sent again, while another lease lives on, leaves the key to its TTL',
  'openLinked',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const { locks, wire } = await t.process({ requestTimeoutMs: t.briefMs }, backend)
    const ttlMs = t.ttlMs * 3
    const [left, kept] = [
      await locks.named(t.key()).acquire({ ttlMs }),
      await locks.named(t.key()).acquire({ ttlMs, autoRenew: false }),
    ]
    link.swallow('requests')
    await assert.rejects(t.settled(left.release()), (error) => isLeaseholdError(error, 'BACKEND_UNAVAILABLE'))
    wire.always('release', requestLost)
    link.heal()
    const endMs = t.nowMs() + ttlMs + t.capabilities.slackMs
    let freed = false
    const coming = t.holdInTime(await t.open(), left.key, endMs - t.nowMs()).finally(() => {
      freed = true
    })
    coming.catch(() => {})
    while (!freed) {
      await t.settled(kept.renew().catch(() => {}))
      await t.pass(t.ttlMs / 4)
    }
    await coming
  },
)

add(
  'release-all-unsent',
  'a release of many that could not be sent, while another claim lives on, is not answered, and leaves the keys to their TTL',
  'openLinked',
  'releaseAll',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const ttlMs = t.ttlMs * 3
    const [one, other, kept] = [
      await t.hold(backend, t.key(), ttlMs),
      await t.hold(backend, t.key(), ttlMs),
      await t.hold(backend, t.key(), ttlMs),
    ]
    link.swallow('requests')
    const releasing = Promise.resolve(backend.releaseAll?.([one.claim, other.claim])).catch(() => 'no answer')
    await t.pass(t.arrivalMs)
    link.cut()
    link.heal()
    assert.equal(await t.settled(releasing), 'no answer', 'it says what it cannot know')
    const endMs = t.nowMs() + ttlMs + t.capabilities.slackMs
    let freed = false
    const rival = await t.open()
    const coming = Promise.all(
      [one, other].map(({ claim }) => t.holdInTime(rival, claim.key, endMs - t.nowMs())),
    ).finally(() => {
      freed = true
    })
    coming.catch(() => {})
    while (!freed) {
      await t.settled(backend.renew([{ ...kept.claim, ttlMs }]).catch(() => {}))
      await t.pass(t.ttlMs / 4)
    }
    await coming
  },
)

add(
  'replies-lost',
  'a process whose server hears it but cannot answer does not trust its lease beyond the deadline',
  'openLinked',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const { locks } = await t.process({ requestTimeoutMs: t.briefMs }, backend)
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
    link.swallow('replies')
    await t.until(() => lease.signal.aborted, 'the lease is lost', t.ttlMs)
    link.heal()
    // Renewals that the server heard after the loss may keep the key for one more TTL.
    await t.holdInTime(await t.open(), lease.key, t.expiryMs * 2)
  },
)

add(
  'requests-lost',
  'a process whose requests vanish loses its lease in time for its successor',
  'openLinked',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const { locks } = await t.process({ requestTimeoutMs: t.briefMs }, backend)
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
    link.swallow('requests')
    await t.holdInTime(await t.open(), lease.key, t.expiryMs)
    assertOver(lease, 'LEASE_LOST')
  },
)

// What is slow is to be the link alone.
add(
  'slow-link',
  'a connection slower than a third of the TTL grants and keeps a lease',
  'openLinked',
  'alone',
  async (t) => {
    const { backend, link } = await t.openLinked()
    const { locks } = await t.process({ requestTimeoutMs: LONG_MS }, backend)
    // There and back: two fifths of the TTL. Drivers give up by limits of their own, of which a second is the least: on a machine that is late, too.
    const delayMs = Math.min(t.ttlMs / 2, 350)
    const ttlMs = delayMs * 5
    // Four timers follow each other, when the renewal is due, on the way there and back, and when it is settled: together they may be late by four fifteenths of the TTL.
    t.toleratedMs = ttlMs / 16
    const lease = await locks.named(t.key()).acquire({ ttlMs })
    link.delay(delayMs)
    await t.pass(ttlMs * 2)
    lease.assertHeld()
    link.heal()
  },
)
