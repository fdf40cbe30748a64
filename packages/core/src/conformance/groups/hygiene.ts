import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { isLeaseholdError } from '../../errors.ts'
import { assertOver, contended } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { holdReply, replyLost, requestLost, requestSwallowed } from '../fates.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('hygiene')
export const hygieneCases = cases

add('work-error', 'an error of the work reaches the caller as it is, although the release fails, too', async (t) => {
  const { locks, wire } = await t.process()
  wire.always('release', requestLost)
  const mine = new Error('the work failed')
  const running = locks.named(t.key()).run({ ttlMs: t.ttlMs }, () => Promise.reject(mine))
  await assert.rejects(t.settled(running), (error) => error === mine)
})

add(
  'work-error-after-loss',
  'an error of the work reaches the caller as it is, although the lease was lost',
  async (t) => {
    const { locks, clock } = await t.process({ autoRenew: false })
    const mine = new TypeError('the work failed')
    const running = locks.named(t.key()).run({ ttlMs: LONG_MS }, () => {
      clock.jumpWall(LONG_MS)
      throw mine
    })
    await assert.rejects(t.settled(running), (error) => error === mine)
  },
)

add('outlived', 'work that outlived its lease is not reported as success', async (t) => {
  const { locks, clock } = await t.process({ autoRenew: false })
  const running = locks.named(t.key()).run({ ttlMs: LONG_MS }, () => {
    clock.jumpWall(LONG_MS)
    return 'done'
  })
  await t.rejects(running, 'LEASE_LOST')
})

add('result', 'work that was done in time is a success, although the answer of the release was lost', async (t) => {
  const { locks, wire } = await t.process()
  wire.always('release', replyLost)
  assert.equal(await t.settled(locks.named(t.key()).run({ ttlMs: LONG_MS }, () => 'done')), 'done')
})

add('disposal', 'disposing of a lease never throws, and releases it', async (t) => {
  const { locks, wire } = await t.process()
  const kept = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  await t.settled(Promise.resolve(kept[Symbol.asyncDispose]()))
  await t.assertFree(kept.key)
  const failed = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  wire.always('release', requestLost)
  await t.settled(Promise.resolve(failed[Symbol.asyncDispose]()))
  assertOver(failed)
})

add('release-repeated', 'a repeated release gives the first answer again and sends nothing', async (t) => {
  const { locks, wire } = await t.process()
  const lease = await locks.named(t.key()).acquire()
  assert.equal(await lease.release(), 'released')
  assert.equal(await lease.release(), 'released')
  assert.equal(wire.count('release'), 1)
  assertOver(lease, 'LEASE_ENDED')
})

add('observer-throws', 'an observer that throws changes nothing', async (t) => {
  const warnings: Error[] = []
  const collect = (warning: Error) => void warnings.push(warning)
  process.on('warning', collect)
  t.defer(async () => void process.off('warning', collect))
  const { locks } = await t.process({ observer: () => assert.fail('of the observer') })
  const lock = locks.named(t.key())
  assert.equal(await t.settled(lock.run(() => 'done')), 'done')
  await t.assertFree(lock.key)
  await t.until(() => warnings.length > 0, 'a warning is emitted')
})

add('background-failures', 'whatever fails in the background, no rejection is left unhandled', async (t) => {
  const { locks, wire, saw } = await t.process({ requestTimeoutMs: t.briefMs, pollMs: t.pollMs })
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  const abort = new AbortController()
  for (const operation of ['renew', 'release', 'waitForTurn', 'tryAcquire'] as const)
    wire.always(operation, requestLost)
  const waiting = locks
    .named(t.key())
    .acquire({ waitMs: LONG_MS, signal: abort.signal })
    .catch(() => {})
  await t.until(() => saw('lost'), 'the lease is lost', t.expiryMs)
  abort.abort()
  await t.settled(waiting)
  await t.settled(lease.release().catch(() => {}))
  // The runner fails any case in which a rejection is left unhandled.
  assert.equal(lease.signal.aborted, true)
})

add('no-timers', 'when nothing is held nor waited for, no timer is left; nor after closing', async (t) => {
  const { locks, clock, saw } = await t.process()
  const held = await locks.named(t.key()).acquire({ ttlMs: LONG_MS, maxHoldMs: LONG_MS })
  const waiting = locks.named(held.key).acquire({ waitMs: LONG_MS, whenHeld: 'wait' })
  assert.ok(clock.pendingTimers > 0, 'a hold needs a timer')
  await held.release()
  await (await t.settled(waiting)).release()
  await t.until(() => clock.pendingTimers === 0, 'the timers are gone', t.soonMs)
  await locks.named(t.key()).acquire()
  await t.settled(locks.close())
  assert.equal(clock.pendingTimers, 0)
  assert.ok(saw('released'))
})

add('no-timer-per-lease', 'a thousand leases share their timers', async (t) => {
  const { locks, clock } = await t.process({ requestTimeoutMs: LONG_MS })
  for (let i = 0; i < 10; i += 1)
    await Promise.all(Array.from({ length: 100 }, () => locks.named(t.key()).acquire({ ttlMs: LONG_MS })))
  await t.until(() => clock.pendingTimers <= 20, 'few timers are set', t.soonMs)
})

add('no-growth', 'acquiring and releasing, ever so often, leaves no timer and no listener behind', async (t) => {
  const { locks, clock } = await t.process()
  const abort = new AbortController()
  const key = t.key()
  for (let i = 0; i < 200; i += 1) {
    const [first, second] = [
      locks.named(key).acquire({ signal: abort.signal }),
      locks.named(key).acquire({ signal: abort.signal }),
    ]
    await (await t.settled(first)).release()
    await (await t.settled(second)).release()
  }
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
  await t.until(() => clock.pendingTimers === 0, 'the timers are gone', t.soonMs)
})

add('close-releases', 'closing releases every lease and says how many', async (t) => {
  const { locks } = await t.process()
  const leases = await Promise.all(Array.from({ length: 5 }, () => locks.named(t.key()).acquire()))
  const report = await t.settled(locks.close())
  assert.deepEqual(report, { released: 5, interrupted: [], unreleased: [], backendError: undefined })
  const rival = await t.open()
  for (const lease of leases) {
    await t.assertFree(lease.key, rival)
    assertOver(lease)
  }
})

add('close-counts', 'closing does not count a lease that was gone already as released', async (t) => {
  const { locks, wire } = await t.process()
  await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  wire.always('release', async () => false)
  const report = await t.settled(locks.close())
  assert.deepEqual(report, { released: 0, interrupted: [], unreleased: [], backendError: undefined })
})

add(
  'close-while-working',
  'a release that fails while closing waits for work is reported, and left to nobody else',
  async (t) => {
    const { locks, wire, saw } = await t.process({ requestTimeoutMs: t.briefMs })
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
    let end = () => {}
    const ended = new Promise<void>((resolve) => {
      end = resolve
    })
    const working = locks.named(t.key()).run({ ttlMs: LONG_MS }, () => ended)
    working.catch(() => {})
    await t.until(() => wire.count('tryAcquire') > 1, 'the work begins')
    wire.always('release', requestLost)
    const closing = locks.close({ drainMs: LONG_MS })
    // The runner fails any case in which a rejection is left unhandled.
    await t.until(() => saw('backend-error'), 'the release is given up')
    await t.pass(t.pollMs)
    end()
    const { unreleased } = await t.settled(closing, LONG_MS)
    assert.ok(unreleased.some(({ key }) => key === lease.key))
  },
)

add('close-reports', 'closing never rejects, and says which leases it could not release', async (t) => {
  const { locks, wire } = await t.process({ requestTimeoutMs: t.briefMs })
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  wire.always('release', requestSwallowed)
  const report = await t.settled(locks.close(), t.patienceMs)
  assert.equal(report.released, 0)
  assert.deepEqual(
    report.unreleased.map(({ key }) => key),
    [lease.key],
  )
  assert.ok(isLeaseholdError(report.unreleased[0]?.error))
})

add('close-ends-waits', 'closing ends waits and refuses new work', async (t) => {
  const { locks, saw } = await t.process()
  const { claim } = await t.hold(await t.open())
  const waiting = locks.named(claim.key).acquire()
  const refused = t.rejects(waiting, 'CLOSED')
  await t.until(() => saw('waiting'), 'it waits')
  await t.settled(locks.close())
  await refused
  await t.rejects(locks.named(claim.key).acquire(), 'CLOSED')
  await t.rejects(locks.named(t.key()).tryAcquire(), 'CLOSED')
})

add('close-in-flight', 'a grant that arrives while its process is closing is given back', async (t) => {
  const { locks, wire } = await t.process()
  const gate = holdReply()
  wire.always('tryAcquire', gate.fate)
  wire.always('waitForTurn', gate.fate)
  const [tried, awaited] = [locks.named(t.key()), locks.named(t.key())]
  const ends = [t.rejects(tried.tryAcquire({ ttlMs: LONG_MS }), 'CLOSED'), t.rejects(awaited.acquire(), 'CLOSED')]
  await t.until(() => gate.arrived === 2, 'the server grants')
  const closing = locks.close()
  gate.open()
  await t.settled(Promise.all([...ends, closing]))
  assert.deepEqual((await closing).unreleased, [])
  await t.assertFree(tried.key)
  await t.assertFree(awaited.key)
})

add('close-spares-others', 'closing one client leaves the holds of all others alone', async (t) => {
  const { claim } = await t.hold(await t.open())
  const leaver = await t.process()
  await leaver.locks.named(t.key()).acquire()
  await t.settled(leaver.locks.close())
  contended(await (await t.open()).tryAcquire(t.claim(claim.key), t.terms()))
})

add('client-gone', 'a closed client leaves no connection and no other resource open', 'alone', async (t) => {
  await t.hold(await t.open())
  const before = resources()
  const { locks } = await t.process()
  await locks.named(t.key()).run(() => {})
  await t.settled(locks.close())
  await t.until(() => resources().length <= before.length, `back to ${before.join(', ') || 'nothing'} open`)
})

add('limits', 'caps on leases and waiters are kept, with an error that says so', async (t) => {
  const { locks } = await t.process({ maxLeases: 1, maxWaiters: 1 })
  const [lock, other] = [locks.named(t.key()), locks.named(t.key())]
  const lease = await lock.acquire()
  await t.rejects(other.acquire(), 'LIMIT_REACHED')
  const abort = new AbortController()
  const waiting = lock.acquire({ signal: abort.signal, whenHeld: 'wait' })
  await t.rejects(lock.acquire({ whenHeld: 'wait' }), 'LIMIT_REACHED')
  abort.abort(new Error('enough'))
  await assert.rejects(waiting, /enough/)
  await lease.release()
  await t.settled(other.acquire())
})

/** What keeps this process alive, beside timers of the suite. */
const resources = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => !/^(Timeout|Immediate|TickObject)$/.test(name))
