import assert from 'node:assert/strict'
import { allOf } from '../../index.ts'
import { caseGroup } from '../case.ts'
import { altered, failing, holdReply, requestSwallowed } from '../fates.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('wait')

/** Waiting callers: what the engine makes of it. */
export const lineWaitCases = cases

add('pushed', 'a waiting process is woken by the release, not by its poll', 'waitForTurn', async (t) => {
  const [one, other] = [await t.process(), await t.process({ pollMs: 60_000 })]
  const key = t.key()
  const lease = await one.locks.named(key).acquire()
  const waiting = other.locks.named(key).acquire()
  await t.until(() => other.wire.count('waitForTurn') > 0, 'it waits')
  await t.pass(t.arrivalMs)
  await lease.release()
  await t.settled(waiting, t.soonMs)
})

add('lost-wake-up', 'a wake-up that never comes costs time, not the turn', async (t) => {
  const [one, other] = [await t.process(), await t.process({ pollMs: t.pollMs })]
  other.wire.always('waitForTurn', requestSwallowed)
  const key = t.key()
  const lease = await one.locks.named(key).acquire()
  const waiting = other.locks.named(key).acquire()
  await t.until(() => other.saw('waiting'), 'it waits')
  await lease.release()
  await t.settled(waiting, t.soonMs)
})

add(
  'false-hints',
  'hints to try again, false and without end, do not make a process storm the server',
  'waitForTurn',
  async (t) => {
    const [one, other] = [await t.process(), await t.process()]
    const hint = () => new Promise<undefined>((resolve) => setImmediate(resolve, undefined))
    other.wire.always('waitForTurn', hint)
    const key = t.key()
    const lease = await one.locks.named(key).acquire()
    const waiting = other.locks.named(key).acquire()
    await t.until(() => other.saw('waiting'), 'it waits')
    const begunMs = t.nowMs()
    for (let i = 0; i < 500; i += 1) await t.pass(2)
    const passedMs = t.nowMs() - begunMs
    const attempts = other.wire.count('tryAcquire') + other.wire.count('waitForTurn')
    assert.ok(attempts < passedMs / 5, `${attempts} requests in ${passedMs} ms`)
    await lease.release()
    await t.settled(waiting, t.soonMs)
  },
)

add('turn-on-expiry', 'a waiting process gets the key of a holder that fell silent', async (t) => {
  const { claim } = await t.hold(await t.open(), t.key(), t.ttlMs)
  const { locks } = await t.process({ pollMs: t.pollMs })
  const lease = await t.settled(locks.named(claim.key).acquire(), t.expiryMs + t.soonMs / 2)
  lease.assertHeld()
})

for (const hours of [-1, 1]) {
  const how = hours < 0 ? 'behind' : 'ahead'
  add(`wall-${how}`, `a process whose wall clock is an hour ${how} waits and holds like any other`, async (t) => {
    const [one, other] = [await t.process(), await t.process()]
    other.clock.jumpWall(hours * 3_600_000)
    const lease = await one.locks.named(t.key()).acquire()
    const waiting = other.locks.named(lease.key).acquire({ ttlMs: LONG_MS })
    await t.until(() => other.saw('waiting'), 'it waits')
    await t.pass(t.arrivalMs)
    await lease.release()
    const next = await t.settled(waiting)
    next.assertHeld()
    // A wait may bring a grant that is to be confirmed.
    await t.until(() => next.remainingMs > LONG_MS / 2 || next.signal.aborted, 'it has its full TTL')
    next.assertHeld()
    assert.equal(other.wire.count('release'), 0, 'a grant was thrown away')
  })
}

add('local-fifo', 'callers in one process are granted in the order in which they asked', async (t) => {
  const { locks } = await t.process({ whenHeld: 'wait' })
  const lock = locks.named(t.key())
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
  const [one, other] = [await t.process(), await t.process({ pollMs: 1_000 })]
  const key = t.key()
  const lease = await one.locks.named(key).acquire()
  const callers = Array.from({ length: 1_000 }, () => other.locks.named(key).acquire())
  await t.until(() => other.saw('waiting'), 'they wait')
  await t.pass(t.pollMs * 2)
  const claims = new Set(other.wire.requests.flatMap((request) => request.claims.map((claim) => claim.holder)))
  assert.ok(claims.size <= 2, `${claims.size} contenders at the server`)
  assert.ok(other.wire.requests.length <= 10, `${other.wire.requests.length} requests`)
  await lease.release()
  // A hundred turns tell what one costs. The other callers go away.
  const turns = 100
  for (const caller of callers.slice(turns)) caller.catch(() => {})
  await t.settled(drain(callers.slice(0, turns)), LONG_MS)
  // A handover costs a release and a wait or an attempt, and a poll now and then.
  const { length } = other.wire.requests
  assert.ok(length <= 5 * turns, `${length} requests for ${turns} turns`)
})

add('herd-of-groups', 'callers who wait for the same group cost the server what one does', async (t) => {
  const [one, other] = [await t.process(), await t.process({ pollMs: LONG_MS })]
  const keys = [t.key('a'), t.key('b')]
  await one.locks.named(keys[1] ?? '').acquire()
  const abort = new AbortController()
  const callers = Array.from({ length: 100 }, () =>
    allOf(other.locks, keys)
      .acquire({ signal: abort.signal })
      .catch(() => {}),
  )
  await t.until(() => other.saw('waiting'), 'they wait')
  await t.pass(t.pollMs * 2)
  const { length } = other.wire.requests
  assert.ok(length <= 10, `${length} requests for ${callers.length} callers`)
  abort.abort()
  await t.settled(Promise.all(callers))
})

add('first-attempt', 'a wait that is shorter than the way to the server is granted a free key', async (t) => {
  const { locks, wire } = await t.process()
  for (const signal of [undefined, new AbortController().signal]) {
    const gate = holdReply()
    wire.next('tryAcquire', gate.fate)
    const acquiring = locks.named(t.key()).acquire({ waitMs: 1, signal })
    acquiring.catch(() => {})
    await t.until(() => gate.arrived > 0, 'the server grants')
    await t.pass(t.pollMs)
    gate.open()
    const lease = await t.settled(acquiring)
    lease.assertHeld()
  }
})

add('last-attempt', 'a wait ends with a last attempt', async (t) => {
  const [one, other] = [await t.process(), await t.process({ pollMs: LONG_MS })]
  other.wire.always('waitForTurn', requestSwallowed)
  const held = await one.locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  const waiting = other.locks.named(held.key).acquire({ waitMs: t.briefMs * 4 })
  waiting.catch(() => {})
  await t.until(() => other.saw('waiting'), 'it waits')
  const before = other.wire.count('tryAcquire')
  await held.release()
  const lease = await t.settled(waiting)
  lease.assertHeld()
  assert.equal(other.wire.count('tryAcquire'), before + 1)
})

add(
  'wait-refused',
  'a wait that the server refuses for good costs no more than polling, and is told once',
  'waitForTurn',
  async (t) => {
    const [one, other] = [await t.process(), await t.process({ refuses: true, pollMs: t.briefMs * 2 })]
    other.wire.always('waitForTurn', failing(new Error('no permission to subscribe')))
    const held = await one.locks.named(t.key()).acquire({ ttlMs: LONG_MS })
    const waiting = other.locks.named(held.key).acquire({ waitMs: LONG_MS })
    await t.until(() => other.saw('waiting'), 'it waits')
    const begunMs = t.nowMs()
    await t.pass(t.briefMs * 8)
    const passedMs = t.nowMs() - begunMs
    const attempts = other.wire.count('tryAcquire')
    // A few soon after one another, then a poll in half its time at the earliest.
    assert.ok(attempts <= 10 + passedMs / t.briefMs, `${attempts} attempts in ${passedMs} ms`)
    const told = other.events.filter((event) => event.type === 'backend-error' && event.operation === 'wait')
    assert.equal(told.length, 1, `told ${told.length} times`)
    await held.release()
    const lease = await t.settled(waiting)
    lease.assertHeld()
  },
)

add('timeout', 'a caller whose wait is over is told so, holds nothing, and the others wait on', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const key = t.key()
  const lease = await one.locks.named(key).acquire()
  const lock = other.locks.named(key)
  const [short, long] = [lock.acquire({ waitMs: t.pollMs }), lock.acquire({ waitMs: LONG_MS })]
  await t.rejects(short, 'ACQUIRE_TIMEOUT', t.soonMs)
  await lease.release()
  const next = await t.settled(long)
  await next.release()
  await t.until(() => t.isFree(key), 'the key is free')
})

add('timeout-in-line', 'a caller whose wait is over while another contends for it is told so in time', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const key = t.key()
  const lease = await one.locks.named(key).acquire()
  const lock = other.locks.named(key)
  const [long, short] = [lock.acquire({ waitMs: LONG_MS }), lock.acquire({ waitMs: t.pollMs })]
  await t.rejects(short, 'ACQUIRE_TIMEOUT', t.soonMs)
  await lease.release()
  const next = await t.settled(long)
  next.assertHeld()
})

add('aborted-before', 'a caller whose signal has aborted before gets its reason, and nothing is sent', async (t) => {
  const { locks, wire } = await t.process()
  const reason = new Error('never mind')
  await assert.rejects(locks.named(t.key()).acquire({ signal: AbortSignal.abort(reason) }), (error) => error === reason)
  assert.equal(wire.requests.length, 0)
})

add('zero', 'a wait of no time takes a free key and refuses a held one', async (t) => {
  const { locks } = await t.process()
  const lock = locks.named(t.key())
  const lease = await t.settled(lock.acquire({ waitMs: 0 }))
  await t.rejects((await t.process()).locks.named(lock.key).acquire({ waitMs: 0 }), 'ACQUIRE_TIMEOUT', t.soonMs)
  await lease.release()
})

add('abort', 'an aborted caller gets the reason of its signal, and nothing is left in line', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const key = t.key()
  const lease = await one.locks.named(key).acquire()
  const abort = new AbortController()
  const reason = new Error('the user went away')
  const waiting = other.locks.named(key).acquire({ signal: abort.signal })
  await t.until(() => other.saw('waiting'), 'it waits')
  abort.abort(reason)
  await assert.rejects(t.settled(waiting), (error) => error === reason)
  await lease.release()
  await t.until(() => t.isFree(key), 'the key is free', t.soonMs)
})

for (const [slug, what, marginShare, lateness] of [
  ['expired-grant', 'ran out', 0, 2],
  ['untrusted-grant', 'was no longer to be trusted', 0.6, 0.75],
] as const) {
  add(slug, `a grant that ${what} before it arrived is not handed to the caller`, async (t) => {
    const { locks, wire } = await t.process({ autoRenew: false, requestTimeoutMs: LONG_MS })
    const gate = holdReply()
    wire.next('tryAcquire', gate.fate)
    const terms = { ttlMs: t.ttlMs, marginMs: t.ttlMs * marginShare, waitMs: LONG_MS }
    const acquiring = locks.named(t.key()).acquire(terms)
    const held = acquiring.then((lease) => lease.assertHeld())
    await t.until(() => gate.arrived > 0, 'the server grants')
    await t.pass(t.ttlMs * lateness)
    gate.open()
    await t.settled(held)
  })
}

add('short-grant', 'a grant that comes shorter than asked is renewed to the full TTL', async (t) => {
  const { locks, wire } = await t.process({ autoRenew: false })
  wire.next(
    'tryAcquire',
    altered((reply) => (reply.granted ? { ...reply, ttlMs: reply.ttlMs / 4 } : reply)),
  )
  const lease = await t.settled(locks.named(t.key()).acquire({ ttlMs: LONG_MS }))
  await t.until(() => lease.remainingMs > LONG_MS / 2, 'it has its full TTL')
})

async function drain(callers: readonly Promise<{ release(): Promise<unknown> }>[]): Promise<void> {
  await Promise.all(callers.map(async (caller) => (await caller).release()))
}
