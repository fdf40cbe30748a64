import assert from 'node:assert/strict'
import type { Grant, LockBackend, Share } from '../../contract.ts'
import { resume, semaphore } from '../../index.ts'
import { assertHistory, contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { altered } from '../fates.ts'
import type { HistoryEvent } from '../history.ts'
import { openExperienced, stand } from '../standing.ts'
import type { Trial } from '../trial.ts'

const { cases, add } = caseGroup('permits')

/** Counted permits: so many holders at once, each with slots of its own, whose tokens increase. */
export const permitCases = cases

const permits = (of: number, take = 1): Share => ({ kind: 'permits', take, of })

const take = (t: Trial, backend: LockBackend, key: string, share: Share, ttlMs?: number) =>
  t.hold(backend, key, ttlMs, share)

add(
  'count',
  'of many simultaneous claims as many are granted as there are permits, each a slot of its own',
  'permits',
  async (t) => {
    const clients = await t.openSome(4)
    const key = t.key()
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, index) => clients[index % 4]?.tryAcquire(t.claim(key, permits(3)), t.terms())),
    )
    const grants = answers.filter((answer): answer is Grant => answer?.granted === true)
    assert.equal(grants.length, 3, `${grants.length} of ${answers.length} claims were granted, of 3 permits`)
    assert.deepEqual(grants.flatMap(({ slots = [] }) => slots).sort(), [0, 1, 2])
  },
)

add('slot-again', 'a slot that was given back is granted again, under a greater token', 'permits', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const holds = [await take(t, one, key, permits(2)), await take(t, other, key, permits(2))]
  contended(await one.tryAcquire(t.claim(key, permits(2)), t.terms()))
  const [first] = holds
  assert.ok(first)
  assert.equal(await one.release(first.claim), true, 'the release did not end the hold')
  assert.equal(await one.release(first.claim), false, 'a hold was ended twice')
  const next = await take(t, other, key, permits(2))
  assert.deepEqual(next.grant.slots, first.grant.slots)
  for (const { grant } of holds) assert.ok(next.grant.fencingToken > grant.fencingToken, 'the token is not greater')
})

add('several', 'a claim takes as many permits as it asks for, or none', 'permits', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const two = await take(t, one, key, permits(3, 2))
  assert.deepEqual(two.grant.slots, [0, 1])
  contended(await other.tryAcquire(t.claim(key, permits(3, 2)), t.terms()))
  const last = await take(t, other, key, permits(3))
  assert.deepEqual(last.grant.slots, [2])
  await one.release(two.claim)
  const again = await take(t, other, key, permits(3, 2))
  assert.deepEqual(again.grant.slots, [0, 1])
})

add('kinds', 'permits, readers and writers of one key exclude each other', 'permits', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const shares = one.capabilities.shares?.includes('shared')
    ? ([undefined, { kind: 'shared' }, permits(3)] as const)
    : ([undefined, permits(3)] as const)
  for (const share of shares) {
    const { claim } = await t.hold(one, key, undefined, share)
    for (const wanted of shares)
      if (wanted?.kind !== share?.kind) contended(await other.tryAcquire(t.claim(key, wanted), t.terms()))
    await one.release(claim)
  }
  await t.assertFree(key)
})

add('repeated', 'a claim that asks again, and its renewal, are told the same slots and token', 'permits', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const first = await take(t, other, key, permits(5, 2))
  const { claim, grant } = await take(t, one, key, permits(5, 2))
  assert.deepEqual(grant.slots, [2, 3])
  await other.release(first.claim)
  const again = granted(await one.tryAcquire(claim, t.terms()))
  const [renewal] = await one.renew([{ ...claim, ttlMs: 60_000 }])
  assert.ok(typeof renewal === 'object', `renewal: ${renewal}`)
  for (const told of [again, renewal]) {
    assert.deepEqual(told.slots, grant.slots)
    assert.equal(told.fencingToken, grant.fencingToken)
  }
})

add('no-overtaking', 'who wants one permit does not pass who waits for two', 'permits', async (t) => {
  const [one, other, third] = [await t.open(), await openExperienced(t), await openExperienced(t)]
  const key = t.key()
  const first = await take(t, one, key, permits(2))
  const wide = await stand(t, other, key, permits(2, 2))
  contended(await third.tryAcquire(t.claim(key, permits(2)), t.terms()))
  const narrow = await stand(t, third, key, permits(2))
  await one.release(first.claim)
  const grant = await t.settled(wide.grant)
  assert.deepEqual(grant?.slots, [0, 1])
  await other.release(wide.claim)
  assert.deepEqual((await t.settled(narrow.grant))?.slots, [0])
})

add('let-in', 'all who fit are let in when permits are given back', 'permits', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const all = await take(t, one, key, permits(3, 3))
  const waiters = [await stand(t, one, key, permits(3)), await stand(t, other, key, permits(3, 2))]
  await one.release(all.claim)
  const grants = await t.settled(Promise.all(waiters.map(({ grant }) => grant)))
  assert.deepEqual(grants.flatMap((grant) => grant?.slots ?? []).sort(), [0, 1, 2])
})

add('expiry', 'a slot whose holder falls silent comes free, and the others are kept', 'permits', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const silent = await take(t, one, key, permits(2), t.ttlMs)
  const living = await take(t, other, key, permits(2))
  const waiter = await stand(t, other, key, permits(2))
  const grant = await t.settled(waiter.grant, t.expiryMs + t.patienceMs)
  assert.deepEqual(grant?.slots, silent.grant.slots)
  const [kept] = await other.renew([{ ...living.claim, ttlMs: 60_000 }])
  assert.ok(typeof kept === 'object', `the one that lives is ${kept}`)
  assert.deepEqual(await one.renew([{ ...silent.claim, ttlMs: 60_000 }]), ['gone'])
})

add(
  'rolling-count',
  'processes that see different counts need no agreement: each takes slots below its own',
  'permits',
  async (t) => {
    const [old, young] = [await t.open(), await t.open()]
    const key = t.key()
    const wide = [
      await take(t, old, key, permits(4)),
      await take(t, old, key, permits(4)),
      await take(t, old, key, permits(4)),
    ]
    contended(await young.tryAcquire(t.claim(key, permits(2)), t.terms()))
    await old.release((wide[2] as (typeof wide)[0]).claim)
    contended(await young.tryAcquire(t.claim(key, permits(2)), t.terms()))
    await old.release((wide[1] as (typeof wide)[0]).claim)
    assert.deepEqual((await take(t, young, key, permits(2))).grant.slots, [1])
    assert.deepEqual((await take(t, old, key, permits(4))).grant.slots, [2])
  },
)

add('inspected', 'inspect shows who has which slots', 'permits', 'inspect', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const holds = [await take(t, one, key, permits(3, 2)), await take(t, other, key, permits(3))]
  const shown = (await one.inspect?.(key)) ?? []
  for (const { grant } of holds) {
    const found = shown.find(({ fencingToken }) => fencingToken === grant.fencingToken)
    assert.deepEqual(found?.slots, grant.slots)
    assert.equal(found?.share?.kind, 'permits')
  }
  assert.equal(shown.length, holds.length)
})

add(
  'handed-over',
  'permits are taken up by another process, which knows their slots',
  'permits',
  'handOff',
  async (t) => {
    const [one, other] = [await t.process(), await t.process()]
    const key = t.key()
    await t.settled(semaphore(one.locks, key, 3).acquire())
    const lease = await t.settled(semaphore(one.locks, key, 3).acquire({ permits: 2 }))
    const resumed = await t.settled(resume(other.locks, lease.handOff()))
    assert.deepEqual(resumed?.slots, [1, 2])
    assert.equal(resumed.fencingToken, lease.fencingToken)
    assert.equal(await t.settled(resumed.release()), 'released')
    assert.deepEqual((await t.settled(semaphore(other.locks, key, 3).acquire())).slots, [1])
  },
)

add(
  'crowd',
  'a crowd of two processes shares the permits: never a slot for two, and a turn for everybody',
  'permits',
  async (t) => {
    const processes = [await t.process(), await t.process()]
    const key = t.key()
    const events: HistoryEvent[] = []
    const now = () => BigInt(Math.round(t.nowMs() * 1_000_000))
    let turns = 0
    const visit = async (name: string, { locks }: (typeof processes)[0], wanted: number) => {
      for (let round = 0; round < 3; round += 1) {
        const lease = `${name}.${round}`
        events.push({ type: 'asked', lease, at: now() })
        const held = await semaphore(locks, key, 3).acquire({ permits: wanted })
        const { fencingToken, slots, remainingMs } = held
        const at = now()
        const validUntil = at + BigInt(Math.round(remainingMs * 1_000_000))
        events.push({ type: 'granted', lease, key, at, validUntil, fencingToken, kind: 'permits', slots })
        turns += 1
        await t.pass(0)
        events.push({ type: 'ended', lease, at: now() })
        await held.release()
      }
    }
    const visits = Array.from({ length: 12 }, (_, index) =>
      visit(`visitor ${index}`, processes[index % 2] as (typeof processes)[0], 1 + (index % 3)),
    )
    await t.settled(Promise.all(visits), 10 * t.patienceMs)
    assert.equal(turns, 36)
    assertHistory(events, 1_000_000)
    await t.assertFree(key)
  },
)

add('other-slots', 'a grant of other slots than were asked for counts as no answer', 'permits', async (t) => {
  for (const slots of [[3], [-1], [0.5], [0, 1], [], undefined] as (number[] | undefined)[]) {
    const { locks, wire } = await t.process()
    wire.next(
      'tryAcquire',
      altered((answer) => ({ ...answer, slots }) as Grant),
    )
    const key = t.key()
    await t.rejects(semaphore(locks, key, 3).acquire(), 'BACKEND_UNAVAILABLE')
    await t.until(() => t.isFree(key), 'what was granted is given back')
  }
})

add('bad-counts', 'counts that break a rule are refused before anything is sent', 'permits', async (t) => {
  const { locks, wire } = await t.process()
  for (const count of [0, 1.5, -1, 10_001, Number.NaN, '3'])
    assert.throws(() => semaphore(locks, t.key(), count as number), RangeError)
  for (const wanted of [0, 4, 1.5, '1'])
    await assert.rejects(semaphore(locks, t.key(), 3).acquire({ permits: wanted as number }), RangeError)
  assert.equal(wire.requests.length, 0)
})
