import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { inspect } from 'node:util'
import { isLeaseholdError } from '../../errors.ts'
import { caseGroup } from '../case.ts'
import { failing, replyLost, requestLost, requestSwallowed } from '../fates.ts'
import { assertOver, contended, LONG_MS, type Process } from '../trial.ts'

const { cases, add } = caseGroup('hygiene')
export const hygieneCases = cases

add('work-error', 'an error of the work reaches the caller as it is, although the release fails, too', async (t) => {
  const { locks, wire } = t.process()
  wire.always('release', requestLost)
  const mine = new Error('the work failed')
  const running = locks.lock(t.key()).run({ ttlMs: t.ttlMs }, () => Promise.reject(mine))
  await assert.rejects(t.settled(running), (error) => error === mine)
})

add(
  'work-error-after-loss',
  'an error of the work reaches the caller as it is, although the lease was lost',
  async (t) => {
    const { locks, clock } = t.process({ autoRenew: false })
    const mine = new TypeError('the work failed')
    const running = locks.lock(t.key()).run({ ttlMs: LONG_MS }, () => {
      clock.jumpWall(LONG_MS)
      throw mine
    })
    await assert.rejects(t.settled(running), (error) => error === mine)
  },
)

add('outlived', 'work that outlived its lease is not reported as success', async (t) => {
  const { locks, clock } = t.process({ autoRenew: false })
  const running = locks.lock(t.key()).run({ ttlMs: LONG_MS }, () => {
    clock.jumpWall(LONG_MS)
    return 'done'
  })
  await t.rejects(running, 'LEASE_LOST')
})

add('result', 'work that was done in time is a success, although the answer of the release was lost', async (t) => {
  const { locks, wire } = t.process()
  wire.always('release', replyLost)
  assert.equal(await t.settled(locks.lock(t.key()).run({ ttlMs: LONG_MS }, () => 'done')), 'done')
})

add('disposal', 'disposing of a lease never throws, and releases it', async (t) => {
  const { locks, wire } = t.process()
  const kept = await locks.lock(t.key()).acquire({ ttlMs: LONG_MS })
  await t.settled(Promise.resolve(kept[Symbol.asyncDispose]()))
  assert.equal(await t.isFree(kept.key), true)
  const failed = await locks.lock(t.key()).acquire({ ttlMs: t.ttlMs })
  wire.always('release', requestLost)
  await t.settled(Promise.resolve(failed[Symbol.asyncDispose]()))
  assertOver(failed)
})

add('release-repeated', 'a repeated release gives the first answer again and sends nothing', async (t) => {
  const { locks, wire } = t.process()
  const lease = await locks.lock(t.key()).acquire()
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
  const { locks } = t.process({ observer: () => assert.fail('of the observer') })
  const lock = locks.lock(t.key())
  assert.equal(await t.settled(lock.run(() => 'done')), 'done')
  assert.equal(await t.isFree(lock.key), true)
  await t.until(() => warnings.length > 0, 'a warning is emitted')
})

add('background-failures', 'whatever fails in the background, no rejection is left unhandled', async (t) => {
  const { locks, wire, saw } = t.process({ requestTimeoutMs: 50, pollMs: 50 })
  const lease = await locks.lock(t.key()).acquire({ ttlMs: t.ttlMs })
  const abort = new AbortController()
  for (const operation of ['renew', 'release', 'waitForTurn', 'tryAcquire'] as const)
    wire.always(operation, requestLost)
  const waiting = locks
    .lock(t.key())
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
  const { locks, clock, saw } = t.process()
  const held = await locks.lock(t.key()).acquire({ ttlMs: LONG_MS, maxHoldMs: LONG_MS })
  const waiting = locks.lock(held.key).acquire({ waitMs: LONG_MS, whenHeld: 'wait' })
  assert.ok(clock.pendingTimers > 0, 'a hold needs a timer')
  await held.release()
  await (await t.settled(waiting)).release()
  await t.until(() => clock.pendingTimers === 0, 'the timers are gone', 2_000)
  await locks.lock(t.key()).acquire()
  await t.settled(locks.close())
  assert.equal(clock.pendingTimers, 0)
  assert.ok(saw('released'))
})

add('no-timer-per-lease', 'a thousand leases share their timers', async (t) => {
  const { locks, clock } = t.process()
  await Promise.all(Array.from({ length: 1_000 }, () => locks.lock(t.key()).acquire({ ttlMs: LONG_MS })))
  await t.until(() => clock.pendingTimers <= 20, 'few timers are set', 2_000)
})

add('no-growth', 'acquiring and releasing, ever so often, leaves no timer and no listener behind', async (t) => {
  const { locks, clock } = t.process()
  const abort = new AbortController()
  const key = t.key()
  for (let i = 0; i < 200; i += 1) {
    const [first, second] = [
      locks.lock(key).acquire({ signal: abort.signal }),
      locks.lock(key).acquire({ signal: abort.signal }),
    ]
    await (await t.settled(first)).release()
    await (await t.settled(second)).release()
  }
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0)
  await t.until(() => clock.pendingTimers === 0, 'the timers are gone', 2_000)
})

add('close-releases', 'closing releases every lease and says how many', async (t) => {
  const { locks } = t.process()
  const leases = await Promise.all(Array.from({ length: 5 }, () => locks.lock(t.key()).acquire()))
  const report = await t.settled(locks.close())
  assert.deepEqual(report, { released: 5, unreleased: [], backendError: undefined })
  const rival = t.open()
  for (const lease of leases) {
    assert.equal(await t.isFree(lease.key, rival), true)
    assertOver(lease)
  }
})

add('close-counts', 'closing does not count a lease that was gone already as released', async (t) => {
  const { locks, wire } = t.process()
  await locks.lock(t.key()).acquire({ ttlMs: t.ttlMs })
  wire.always('release', async () => false)
  const report = await t.settled(locks.close())
  assert.deepEqual(report, { released: 0, unreleased: [], backendError: undefined })
})

add('close-reports', 'closing never rejects, and says which leases it could not release', async (t) => {
  const { locks, wire } = t.process({ requestTimeoutMs: 100 })
  const lease = await locks.lock(t.key()).acquire({ ttlMs: t.ttlMs })
  wire.always('release', requestSwallowed)
  const report = await t.settled(locks.close(), 30_000)
  assert.equal(report.released, 0)
  assert.deepEqual(
    report.unreleased.map(({ key }) => key),
    [lease.key],
  )
  assert.ok(isLeaseholdError(report.unreleased[0]?.error))
})

add('close-ends-waits', 'closing ends waits and refuses new work', async (t) => {
  const { locks, saw } = t.process()
  const { claim } = await t.hold(t.open())
  const waiting = locks.lock(claim.key).acquire()
  const refused = t.rejects(waiting, 'CLOSED')
  await t.until(() => saw('waiting'), 'it waits')
  await t.settled(locks.close())
  await refused
  await t.rejects(locks.lock(claim.key).acquire(), 'CLOSED')
  await t.rejects(locks.lock(t.key()).tryAcquire(), 'CLOSED')
})

add('close-spares-others', 'closing one client leaves the holds of all others alone', async (t) => {
  const { claim } = await t.hold(t.open())
  const leaver = t.process()
  await leaver.locks.lock(t.key()).acquire()
  await t.settled(leaver.locks.close())
  contended(await t.open().tryAcquire(t.claim(claim.key), t.terms()))
})

add('client-gone', 'a closed client leaves no connection and no other resource open', async (t) => {
  await t.hold(t.open())
  const before = resources()
  const { locks } = t.process()
  await locks.lock(t.key()).run(() => {})
  await t.settled(locks.close())
  await t.until(() => resources().length <= before.length, `back to ${before.join(', ') || 'nothing'} open`)
})

add('limits', 'caps on leases and waiters are kept, with an error that says so', async (t) => {
  const { locks } = t.process({ maxLeases: 1, maxWaiters: 1 })
  const [lock, other] = [locks.lock(t.key()), locks.lock(t.key())]
  const lease = await lock.acquire()
  await t.rejects(other.acquire(), 'LIMIT_REACHED')
  await lease.release()
  await t.settled(other.acquire())
})

add('errors-redacted', 'no error and no event tells a holder id, whatever the driver says', async (t) => {
  const { locks, wire, events } = t.process({ requestTimeoutMs: 50, autoRenew: false })
  const lease = await locks.lock(t.key()).acquire({ ttlMs: LONG_MS })
  const holder = firstHolder(wire)
  const talkative = Object.assign(new Error(`ERR in command: set ${lease.key} ${holder}`), {
    command: { name: 'set', args: [lease.key, holder] },
    [holder]: holder,
  })
  for (const operation of ['renew', 'release'] as const) wire.always(operation, failing(talkative))
  const told = [await rejection(lease.renew()), await rejection(t.settled(lease.release())), ...events]
  assert.ok(isLeaseholdError(told[0], 'BACKEND_UNAVAILABLE'))
  for (const thing of told) assertSilentAbout(thing, holder)
})

add('acquire-errors-redacted', 'the error of a failed attempt does not tell its holder id', async (t) => {
  const { locks, wire, events } = t.process()
  wire.always('tryAcquire', async () => {
    const holder = wire.requests.at(-1)?.claims[0]?.holder
    throw new AggregateError([new Error(`of ${holder}`)], `evalsha failed: ${holder}`, { cause: { args: [holder] } })
  })
  const error = await rejection(t.settled(locks.lock(t.key()).tryAcquire()))
  assert.ok(isLeaseholdError(error, 'BACKEND_UNAVAILABLE'))
  const holder = firstHolder(wire)
  for (const thing of [error, ...events]) assertSilentAbout(thing, holder)
})

add('objects-redacted', 'printing a lease, a lock or the locks tells no holder id', async (t) => {
  const { locks, wire } = t.process()
  const lock = locks.lock(t.key())
  const lease = await lock.acquire()
  const holder = firstHolder(wire)
  for (const thing of [lease, lock, locks]) assertSilentAbout(thing, holder)
})

add('inspection-redacted', 'inspect shows no holder id', 'inspect', async (t) => {
  const { claim } = await t.hold(t.open())
  assertSilentAbout(await t.open().inspect?.(claim.key), claim.holder)
})

add('unguessable', 'every attempt has a holder id of its own, of 128 random bits', async (t) => {
  const { locks, wire } = t.process()
  const lock = locks.lock(t.key())
  for (let i = 0; i < 20; i += 1) await (await lock.acquire()).release()
  const holders = new Set(acquiring(wire))
  assert.equal(holders.size, 20)
  for (const holder of holders) assert.match(holder, /^[0-9a-f]{32}$/)
})

const acquiring = (wire: Process['wire']): string[] =>
  wire.requests.flatMap(({ operation, claims }) =>
    operation === 'tryAcquire' || operation === 'waitForTurn' ? claims.map(({ holder }) => holder) : [],
  )

function firstHolder(wire: Process['wire']): string {
  const holder = wire.requests[0]?.claims[0]?.holder
  assert.ok(holder, 'no request was made')
  return holder
}

/** What keeps this process alive, beside timers of the suite. */
const resources = (): string[] =>
  process.getActiveResourcesInfo().filter((name) => !/^(Timeout|Immediate|TickObject)$/.test(name))

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail('did not reject'),
    (error: unknown) => error,
  )

function assertSilentAbout(thing: unknown, secret: string): void {
  const printed = [
    inspect(thing, { depth: 12, showHidden: true }),
    json(thing),
    thing instanceof Error ? thing.stack : '',
  ]
  assert.ok(!printed.join('\n').includes(secret), 'the holder id is told')
}

const json = (thing: unknown): string =>
  JSON.stringify(thing, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)) ?? ''
