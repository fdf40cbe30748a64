import assert from 'node:assert/strict'
import { assertOver, contended } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { ChildHolder } from '../child-holder.ts'
import { requestLost, requestSwallowed } from '../fates.ts'
import type { Process } from '../process.ts'
import { LONG_MS, type Trial } from '../trial.ts'
import { assertTruthful } from '../truthful.ts'

const { cases, add } = caseGroup('faults')
/** What befalls processes and servers. */
export const faultCases = cases

add('cut-off', 'a process that is cut off loses its lease at the deadline, and others get the key', async (t) => {
  const { locks, wire, saw } = await t.process({ requestTimeoutMs: t.briefMs })
  const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
  silence(wire)
  await t.holdInTime(await t.open(), lease.key, t.expiryMs)
  assertOver(lease, 'LEASE_LOST')
  await t.until(() => saw('lost'), 'the observer is told')
  assert.equal(lease.signal.aborted, true)
})

add('outage', 'after an outage longer than the TTL, the same process acquires again', async (t) => {
  const { locks, wire } = await t.process({ requestTimeoutMs: t.briefMs })
  const lock = locks.named(t.key())
  const lease = await lock.acquire({ ttlMs: t.ttlMs })
  for (const operation of ['tryAcquire', 'renew', 'release', 'waitForTurn'] as const)
    wire.always(operation, requestLost)
  await t.until(() => lease.signal.aborted, 'the lease is lost', t.expiryMs)
  wire.heal()
  const again = await t.settled(lock.acquire({ waitMs: LONG_MS }), t.expiryMs + t.patienceMs)
  assert.ok(again.fencingToken > lease.fencingToken)
})

add('slow-server', 'a server that takes over a third of the TTL to answer costs no lease', async (t) => {
  const ttlMs = t.ttlMs * 2
  // A quarter is what is left between an answer and the end: for two timers and the way.
  t.toleratedMs = ttlMs / 16
  const { locks, wire } = await t.process({ requestTimeoutMs: LONG_MS })
  const slow = async <R>(send: () => Promise<R>): Promise<R> => {
    const reply = await send()
    await sleep(t, ttlMs * 0.4)
    return reply
  }
  wire.always('renew', slow)
  const lease = await t.settled(locks.named(t.key()).acquire({ ttlMs }))
  await t.pass(ttlMs * 4)
  lease.assertHeld()
  assert.equal(lease.signal.aborted, false)
})

add(
  'blocked-loop',
  'a process that was blocked past its TTL finds its lease lost, and its release spares the successor',
  async (t) => {
    const { locks, clock } = await t.process()
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
    clock.stallTimers()
    const successor = await t.holdInTime(await t.open(), lease.key, t.expiryMs)
    assertOver(lease, 'LEASE_LOST')
    clock.resumeTimers()
    assert.equal(await t.settled(lease.release()), 'lost')
    contended(await (await t.open()).tryAcquire(t.claim(successor.claim.key), t.terms()))
  },
)

add('killed-holder', 'the key of a killed process is free within its TTL and the slack', 'holderProgram', async (t) => {
  const child = await startHolder(t)
  const key = t.key()
  assert.match(await child.ask({ ask: 'hold', key, ttlMs: t.ttlMs }), /^\d+$/)
  contended(await (await t.open()).tryAcquire(t.claim(key), t.terms()))
  await child.kill()
  await t.holdInTime(await t.open(), key, t.expiryMs)
})

add(
  'frozen-holder',
  'the key of a frozen process is free in time; thawed, it knows its loss and spares its successor',
  'holderProgram',
  async (t) => {
    const child = await startHolder(t)
    const key = t.key()
    const before = BigInt(await child.ask({ ask: 'hold', key, ttlMs: t.ttlMs }))
    child.freeze()
    const successor = await t.holdInTime(await t.open(), key, t.expiryMs)
    assert.ok(successor.grant.fencingToken > before)
    child.thaw()
    assert.equal(await child.ask({ ask: 'is-held' }), 'LEASE_LOST')
    assert.equal(await child.ask({ ask: 'release' }), 'lost')
    contended(await (await t.open()).tryAcquire(t.claim(key), t.terms()))
  },
)

add('killed-waiter', 'a waiting process that is killed blocks nobody beyond the slack', 'holderProgram', async (t) => {
  const holder = await t.open()
  const { claim } = await t.hold(holder)
  const child = await startHolder(t)
  // Long enough to tell a grant to the dead, which would run for as long.
  assert.equal(await child.ask({ ask: 'wait', key: claim.key, ttlMs: t.ttlMs * 10 }), 'WAITING')
  await child.kill()
  await holder.release(claim)
  await t.holdInTime(await t.open(), claim.key, t.expiryMs)
})

add(
  'restart-kept',
  'holds outlive a restart of the server, as claimed',
  'survivesRestart',
  'restartKeepingData',
  async (t) => {
    const { claim, grant } = await t.hold(await t.open())
    await t.faults.restartKeepingData?.()
    const backend = await t.open()
    contended(await backend.tryAcquire(t.claim(claim.key), t.terms()))
    const again = await backend.tryAcquire(claim, t.terms())
    assert.ok(again.granted && again.fencingToken === grant.fencingToken)
  },
)

add(
  'restart-told',
  'a process whose server restarted either keeps its lease or is told of its loss',
  'restartKeepingData',
  async (t) => {
    const { locks } = await t.process()
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 3 })
    await t.faults.restartKeepingData?.()
    await assertTruthful(t, lease)
  },
)

add(
  'restart-empty',
  'a server that comes back empty says that the claim is gone, and the lease is lost',
  'restartEmpty',
  async (t) => {
    const { locks, saw } = await t.process()
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 3 })
    await t.faults.restartEmpty?.()
    await t.until(() => lease.signal.aborted, 'the loss is noticed', t.ttlMs * 3)
    assert.ok(saw('lost'))
    const again = await t.settled(locks.named(lease.key).acquire({ waitMs: t.patienceMs }), t.patienceMs)
    again.assertHeld()
  },
)

add(
  'killed-session',
  'a session that the server ended costs its leases at most, and the process is told',
  'killSession',
  async (t) => {
    const backend = await t.open()
    const { locks } = await t.process({}, backend)
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 3 })
    await t.killSession(backend)
    await assertTruthful(t, lease)
    const again = await t.settled(locks.named(t.key()).acquire({ waitMs: t.patienceMs }), t.patienceMs)
    again.assertHeld()
  },
)

add(
  'killed-session-told',
  'a lease that does not renew itself is told of the end of its session, too',
  'killSession',
  'tellsLosses',
  async (t) => {
    const backend = await t.open()
    const { locks } = await t.process({}, backend)
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 3, autoRenew: false })
    await t.killSession(backend)
    await assertTruthful(t, lease)
  },
)

add(
  'hash-collision',
  'two keys that collide may exclude each other, but are never granted wrongly nor freed early',
  'collidingKeys',
  async (t) => {
    const [one = '', other = ''] = t.faults.collidingKeys?.() ?? []
    assert.notEqual(one, other)
    const [backend, rival] = [await t.open(), await t.open()]
    const first = await t.hold(backend, one)
    const second = t.claim(other)
    const answer = await backend.tryAcquire(second, t.terms())
    assert.equal(await backend.release(second), answer.granted)
    contended(await rival.tryAcquire(t.claim(one), t.terms()))
    assert.equal(await backend.release(first.claim), true, 'the release did not end the hold')
    await t.assertFree(other, rival)
  },
)

function silence(wire: Process['wire']): void {
  for (const operation of ['tryAcquire', 'renew', 'release', 'waitForTurn'] as const)
    wire.always(operation, requestSwallowed)
}

const sleep = (t: Trial, ms: number) => new Promise<void>((resolve) => void t.time.clock.setTimer(ms, resolve))

/** Its server is found before the case's clock runs. */
async function startHolder(t: Trial): Promise<ChildHolder> {
  const child = new ChildHolder(t.faults.holderProgram)
  t.defer(() => child.kill())
  assert.equal(await child.ask({ ask: 'warm-up', key: t.key() }), 'READY')
  return child
}
