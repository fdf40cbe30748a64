import assert from 'node:assert/strict'
import type { Claim, LockBackend } from '../../contract.ts'
import { contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { begin, stand, turns } from '../standing.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('wait')

/** Waiting at the server: what the contract for backends says. */
export const serverWaitCases = cases

add('turn-on-release', 'a waiting claim gets its turn when the holder releases', 'waitForTurn', async (t) => {
  const holder = await t.open()
  const { claim } = await t.hold(holder)
  const waiter = await stand(t, await t.open(), claim.key)
  await holder.release(claim)
  granted(await t.settled(waiter.grant))
})

add(
  'turn-on-release-all',
  'waiting claims get their turns when the holder releases many',
  'waitForTurn',
  'releaseAll',
  async (t) => {
    const [holder, other] = [await t.open(), await t.open()]
    const held = [await t.hold(holder), await t.hold(holder), await t.hold(holder)].map(({ claim }) => claim)
    const waiters = await Promise.all(held.slice(1).map(({ key }) => stand(t, other, key)))
    assert.deepEqual(await holder.releaseAll?.(held), [true, true, true])
    for (const { grant } of waiters) granted(await t.settled(grant))
  },
)

add(
  'left-by-release-all',
  'a waiter that is released with many others leaves nothing in line',
  'waitForTurn',
  'releaseAll',
  async (t) => {
    const [holder, other] = [await t.open(), await t.open()]
    const [{ claim }, own] = [await t.hold(holder), await t.hold(other)]
    const waiter = await stand(t, other, claim.key)
    waiter.abort()
    await t.settled(waiter.grant)
    assert.deepEqual(await other.releaseAll?.([waiter.claim, own.claim]), [false, true])
    await holder.release(claim)
    await t.assertFree(claim.key)
  },
)

add('turn-of-a-free-key', 'waiting for a key that is free already does not hang', 'waitForTurn', async (t) => {
  const waiter = await stand(t, await t.open(), t.key())
  granted(await t.settled(waiter.grant))
})

add('one-turn-one-grant', 'however many wait, a release lets in one at a time', 'waitForTurn', async (t) => {
  const holder = await t.open()
  const { claim } = await t.hold(holder)
  let inside = 0
  const visit = async (backend: LockBackend) => {
    const waiter = await stand(t, backend, claim.key)
    granted(await waiter.grant)
    inside += 1
    assert.equal(inside, 1, 'two waiters were granted the same turn')
    await t.pass(t.arrivalMs + 1)
    inside -= 1
    await backend.release(waiter.claim)
  }
  const visits = Promise.all((await t.openSome(8)).map(visit))
  await t.pass(t.arrivalMs)
  await holder.release(claim)
  await t.settled(visits, LONG_MS)
})

add(
  'abort-settles',
  'a wait settles soon after its signal aborts, also when it was aborted before',
  'waitForTurn',
  async (t) => {
    const { claim } = await t.hold(await t.open())
    const waiter = await stand(t, await t.open(), claim.key)
    waiter.abort()
    assert.equal(await t.settled(waiter.grant, t.soonMs), undefined)
    const late = (await t.open()).waitForTurn?.(t.claim(claim.key), t.terms(), AbortSignal.abort())
    await t.settled(
      Promise.resolve(late).catch(() => {}),
      2_000,
    )
  },
)

add('abort-leaves-nothing', 'an aborted and released waiter leaves nothing in line', 'waitForTurn', async (t) => {
  const [holder, other] = [await t.open(), await t.open()]
  const { claim } = await t.hold(holder)
  const waiter = await stand(t, other, claim.key)
  waiter.abort()
  await t.settled(waiter.grant)
  assert.equal(await other.release(waiter.claim), false, 'the release says that it ended a hold that is not its own')
  await holder.release(claim)
  await t.assertFree(claim.key)
})

add(
  'abort-spares-hold',
  'an attempt that is granted while its claim waits outlives the wait',
  'waitForTurn',
  async (t) => {
    const backend = await t.open()
    let held = 0
    for (let i = 0; i < 8; i += 1) {
      const claim = t.claim(t.key())
      const abort = new AbortController()
      const attempting = backend.tryAcquire(claim, t.terms())
      const turn = backend.waitForTurn?.(claim, t.terms(), abort.signal).catch(() => {})
      const answer = await t.settled(attempting)
      const isHeld = answer.granted
      // As core does once it has the grant, whether or not the wait has arrived.
      abort.abort()
      await t.settled(Promise.resolve(turn))
      // What the wait was granted may be short, until it is confirmed.
      const { ttlMs } = t.terms()
      if (answer.granted && answer.ttlMs < ttlMs) await backend.renew([{ ...claim, ttlMs }])
      await t.pass(t.arrivalMs)
      if (isHeld) contended(await (await t.open()).tryAcquire(t.claim(claim.key), t.terms()))
      // The wait may have overtaken the attempt.
      assert.equal((await backend.release(claim)) || !isHeld, true)
      held += isHeld ? 1 : 0
    }
    assert.ok(held > 0, 'no attempt at a free key was granted')
  },
)

add(
  'polls-itself',
  'a wait that polls by itself finds the key of a holder that fell silent',
  'waitForTurn',
  'selfPolling',
  async (t) => {
    const [holder, other] = [await t.open(), await t.open()]
    const { claim } = await t.hold(holder, t.key(), t.ttlMs)
    const waiter = await stand(t, other, claim.key)
    granted(await t.settled(waiter.grant, t.expiryMs + t.soonMs / 2))
  },
)

add('closed-waiter', 'a client that is closed while it waits blocks nobody', 'waitForTurn', async (t) => {
  const holder = await t.open()
  const { claim } = await t.hold(holder)
  const leaver = await t.process()
  const leaving = leaver.locks.named(claim.key).acquire()
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
    const holder = await t.open()
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
    const holder = await t.open()
    const { claim } = await t.hold(holder)
    const poll = async (backend: LockBackend, waiter: Claim) =>
      void contended(await backend.tryAcquire(waiter, t.terms()))
    assert.deepEqual(await turns(t, claim, holder, 4, poll), [0, 1, 2, 3])
  },
)

add('next', 'a release that names the next claim hands over to it', 'waitForTurn', async (t) => {
  const backend = await t.open()
  const { claim } = await t.hold(backend)
  const next = t.claim(claim.key)
  const releasing = backend.release(claim, { ...next, ...t.terms() })
  const waiter = begin(t, backend, next)
  assert.equal(await t.settled(releasing), true)
  granted(await t.settled(waiter.grant))
  contended(await (await t.open()).tryAcquire(t.claim(claim.key), t.terms()))
})

add(
  'since',
  'a grant that a wait brings tells from when it counts, or still lasts when counted from the beginning',
  'waitForTurn',
  async (t) => {
    const holder = await t.open()
    const waiting = await t.open()
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
    await t.holdInTime(await t.open(), claim.key, t.expiryMs)
    assert.ok(t.nowMs() >= endMs - 1, 'the server freed the key before the grant was over')
  },
)
