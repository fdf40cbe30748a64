import assert from 'node:assert/strict'
import type { Claim, LockBackend } from '../../contract.ts'
import { caseGroup } from '../case.ts'
import { altered, holdReply, requestSwallowed } from '../fates.ts'
import { begin, stand, turns } from '../standing.ts'
import { contended, granted, LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('wait')
export const waitCases = cases

add('turn-on-release', 'a waiting claim gets its turn when the holder releases', 'waitForTurn', async (t) => {
  const holder = t.open()
  const { claim } = await t.hold(holder)
  const waiter = await stand(t, t.open(), claim.key)
  await holder.release(claim)
  granted(await t.settled(waiter.grant))
})

add('turn-of-a-free-key', 'waiting for a key that is free already does not hang', 'waitForTurn', async (t) => {
  const waiter = await stand(t, t.open(), t.key())
  granted(await t.settled(waiter.grant))
})

add('one-turn-one-grant', 'however many wait, a release lets in one at a time', 'waitForTurn', async (t) => {
  const holder = t.open()
  const { claim } = await t.hold(holder)
  let inside = 0
  const visit = async (backend: LockBackend) => {
    const waiter = await stand(t, backend, claim.key)
    granted(await waiter.grant)
    inside += 1
    assert.equal(inside, 1, 'two waiters were granted the same turn')
    await t.pass(t.time.arrivalMs + 1)
    inside -= 1
    await backend.release(waiter.claim)
  }
  const visits = Promise.all(Array.from({ length: 8 }, () => visit(t.open())))
  await t.pass(t.time.arrivalMs)
  await holder.release(claim)
  await t.settled(visits, LONG_MS)
})

add(
  'abort-settles',
  'a wait settles soon after its signal aborts, also when it was aborted before',
  'waitForTurn',
  async (t) => {
    const { claim } = await t.hold(t.open())
    const waiter = await stand(t, t.open(), claim.key)
    waiter.abort()
    assert.equal(await t.settled(waiter.grant, 2_000), undefined)
    const late = t.open().waitForTurn?.(t.claim(claim.key), t.terms(), AbortSignal.abort())
    await t.settled(
      Promise.resolve(late).catch(() => {}),
      2_000,
    )
  },
)

add('abort-leaves-nothing', 'an aborted and released waiter leaves nothing in line', 'waitForTurn', async (t) => {
  const [holder, other] = [t.open(), t.open()]
  const { claim } = await t.hold(holder)
  const waiter = await stand(t, other, claim.key)
  waiter.abort()
  await t.settled(waiter.grant)
  assert.equal(await other.release(waiter.claim), false)
  await holder.release(claim)
  assert.equal(await t.isFree(claim.key), true)
})

add('closed-waiter', 'a client that is closed while it waits blocks nobody', 'waitForTurn', async (t) => {
  const holder = t.open()
  const { claim } = await t.hold(holder)
  const leaver = t.process()
  const leaving = leaver.locks.lock(claim.key).acquire()
  await t.until(() => leaver.wire.count('waitForTurn') > 0, 'it waits')
  await Promise.all([t.rejects(leaving, 'CLOSED'), t.settled(leaver.locks.close())])
  await holder.release(claim)
  await t.until(() => t.isFree(claim.key), 'the key can be had', t.capabilities.slackMs)
})

add(
  'fifo',
  'waiters of different clients are granted in the order in which they began to wait',
  'waitForTurn',
  'fifo',
  async (t) => {
    const holder = t.open()
    const { claim } = await t.hold(holder)
    assert.deepEqual(await turns(t, claim, holder, 6), [0, 1, 2, 3, 4, 5])
  },
)

add(
  'poll-keeps-place',
  'a waiter that tries again meanwhile does not lose its place',
  'waitForTurn',
  'fifo',
  async (t) => {
    const holder = t.open()
    const { claim } = await t.hold(holder)
    const poll = async (backend: LockBackend, waiter: Claim) =>
      void contended(await backend.tryAcquire(waiter, t.terms()))
    assert.deepEqual(await turns(t, claim, holder, 4, poll), [0, 1, 2, 3])
  },
)

add('next', 'a release that names the next claim hands over to it', 'waitForTurn', async (t) => {
  const backend = t.open()
  const { claim } = await t.hold(backend)
  const next = t.claim(claim.key)
  const releasing = backend.release(claim, { ...next, ...t.terms() })
  const waiter = begin(t, backend, next)
  assert.equal(await t.settled(releasing), true)
  granted(await t.settled(waiter.grant))
  contended(await t.open().tryAcquire(t.claim(claim.key), t.terms()))
})

add(
  'since',
  'a grant that a wait brings tells from when it counts, or still lasts when counted from the beginning',
  'waitForTurn',
  async (t) => {
    const holder = t.open()
    const waiting = t.open()
    const { claim } = await t.hold(holder)
    const next = t.claim(claim.key)
    const begun = t.time.clock.now()
    const turn = waiting.waitForTurn?.(next, t.terms(t.ttlMs), new AbortController().signal)
    await t.pass(t.ttlMs * 2)
    await holder.release(claim)
    const direct = await t.settled(Promise.resolve(turn))
    if (direct === undefined) return
    const endMs = (direct.since ?? begun).monotonicMs + granted(direct).ttlMs
    assert.ok(endMs > t.nowMs(), 'the grant is over when it comes')
    await t.holdInTime(t.open(), claim.key, t.expiryMs)
    assert.ok(t.nowMs() >= endMs - 1, 'the server freed the key before the grant was over')
  },
)

add('pushed', 'a waiting process is woken by the release, not by its poll', 'waitForTurn', async (t) => {
  const [one, other] = [t.process(), t.process({ pollMs: 60_000 })]
  const key = t.key()
  const lease = await one.locks.lock(key).acquire()
  const waiting = other.locks.lock(key).acquire()
  await t.until(() => other.wire.count('waitForTurn') > 0, 'it waits')
  await t.pass(t.time.arrivalMs)
  await lease.release()
  await t.settled(waiting, 5_000)
})

add('lost-wake-up', 'a wake-up that never comes costs time, not the turn', async (t) => {
  const [one, other] = [t.process(), t.process({ pollMs: 100 })]
  other.wire.always('waitForTurn', requestSwallowed)
  const key = t.key()
  const lease = await one.locks.lock(key).acquire()
  const waiting = other.locks.lock(key).acquire()
  await t.until(() => other.saw('waiting'), 'it waits')
  await lease.release()
  await t.settled(waiting, 5_000)
})

add(
  'false-hints',
  'hints to try again, false and ever so many, do not make a process storm the server',
  'waitForTurn',
  async (t) => {
    const [one, other] = [t.process(), t.process()]
    const hint = async () => undefined
    other.wire.always('waitForTurn', hint)
    const key = t.key()
    const lease = await one.locks.lock(key).acquire()
    const waiting = other.locks.lock(key).acquire()
    await t.until(() => other.saw('waiting'), 'it waits')
    await t.pass(1_000)
    const attempts = other.wire.count('tryAcquire') + other.wire.count('waitForTurn')
    assert.ok(attempts < 1_000, `${attempts} requests in a second`)
    await lease.release()
    await t.settled(waiting, 5_000)
  },
)

add('turn-on-expiry', 'a waiting process gets the key of a holder that fell silent', async (t) => {
  const { claim } = await t.hold(t.open(), t.key(), t.ttlMs)
  const { locks } = t.process({ pollMs: 100 })
  const lease = await t.settled(locks.lock(claim.key).acquire(), t.expiryMs + 1_000)
  lease.assertHeld()
})

add('local-fifo', 'callers in one process are granted in the order in which they asked', async (t) => {
  const { locks } = t.process({ whenHeld: 'wait' })
  const lock = locks.lock(t.key())
  const first = await lock.acquire()
  const order: number[] = []
  const callers = Array.from({ length: 20 }, async (_, i) => {
    const lease = await lock.acquire()
    order.push(i)
    await lease.release()
  })
  await first.release()
  await t.settled(Promise.all(callers), LONG_MS)
  assert.deepEqual(
    order,
    Array.from({ length: 20 }, (_, i) => i),
  )
})

add('herd', 'a thousand waiting callers cost the server what one does', async (t) => {
  const [one, other] = [t.process(), t.process({ pollMs: 1_000 })]
  const key = t.key()
  const lease = await one.locks.lock(key).acquire()
  const callers = Array.from({ length: 1_000 }, () => other.locks.lock(key).acquire())
  await t.until(() => other.saw('waiting'), 'they wait')
  await t.pass(200)
  const claims = new Set(other.wire.requests.flatMap((request) => request.claims.map((claim) => claim.holder)))
  assert.ok(claims.size <= 2, `${claims.size} contenders at the server`)
  assert.ok(other.wire.requests.length <= 10, `${other.wire.requests.length} requests`)
  await lease.release()
  await t.settled(drain(callers), LONG_MS)
  // A handover costs a release and a wait or an attempt, and a poll now and then.
  assert.ok(other.wire.requests.length <= 5_000, `${other.wire.requests.length} requests for 1000 turns`)
})

add('timeout', 'a caller whose wait is over is told so, holds nothing, and the others wait on', async (t) => {
  const [one, other] = [t.process(), t.process()]
  const key = t.key()
  const lease = await one.locks.lock(key).acquire()
  const lock = other.locks.lock(key)
  const [short, long] = [lock.acquire({ waitMs: 50 }), lock.acquire({ waitMs: LONG_MS })]
  await t.rejects(short, 'ACQUIRE_TIMEOUT', 2_000)
  await lease.release()
  const granted = await t.settled(long)
  await granted.release()
  await t.until(() => t.isFree(key), 'the key is free')
})

add('zero', 'a wait of no time takes a free key and refuses a held one', async (t) => {
  const { locks } = t.process()
  const lock = locks.lock(t.key())
  const lease = await t.settled(lock.acquire({ waitMs: 0 }))
  await t.rejects(t.process().locks.lock(lock.key).acquire({ waitMs: 0 }), 'ACQUIRE_TIMEOUT', 2_000)
  await lease.release()
})

add('abort', 'an aborted caller gets the reason of its signal, and nothing is left in line', async (t) => {
  const [one, other] = [t.process(), t.process()]
  const key = t.key()
  const lease = await one.locks.lock(key).acquire()
  const abort = new AbortController()
  const reason = new Error('the user went away')
  const waiting = other.locks.lock(key).acquire({ signal: abort.signal })
  await t.until(() => other.saw('waiting'), 'it waits')
  abort.abort(reason)
  await assert.rejects(t.settled(waiting), (error) => error === reason)
  await lease.release()
  await t.until(() => t.isFree(key), 'the key is free', 2_000)
})

add('expired-grant', 'a grant that ran out before it arrived is not handed to the caller', async (t) => {
  const { locks, wire } = t.process({ autoRenew: false, requestTimeoutMs: 60_000 })
  const gate = holdReply()
  wire.next('tryAcquire', gate.fate)
  wire.next('waitForTurn', gate.fate)
  const acquiring = locks.lock(t.key()).acquire({ ttlMs: t.ttlMs, waitMs: LONG_MS })
  await t.until(() => gate.arrived > 0, 'the server grants')
  await t.pass(t.ttlMs * 2)
  gate.open()
  const lease = await t.settled(acquiring)
  lease.assertHeld()
  assert.equal(await lease.release(), 'released')
})

add('short-grant', 'a grant that comes shorter than asked is renewed to the full TTL', async (t) => {
  const { locks, wire } = t.process({ autoRenew: false })
  wire.next(
    'tryAcquire',
    altered((reply) => (reply.granted ? { ...reply, ttlMs: reply.ttlMs / 4 } : reply)),
  )
  const lease = await t.settled(locks.lock(t.key()).acquire({ ttlMs: LONG_MS }))
  await t.until(() => lease.remainingMs > LONG_MS / 2, 'it has its full TTL')
})

async function drain(callers: readonly Promise<{ release(): Promise<unknown> }>[]): Promise<void> {
  await Promise.all(callers.map(async (caller) => (await caller).release()))
}
