import assert from 'node:assert/strict'
import { isLeaseholdError } from '../../errors.ts'
import { allOf } from '../../index.ts'
import { assertHistory, contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { holdRequest } from '../fates.ts'
import type { HistoryEvent } from '../history.ts'
import type { Process } from '../process.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('acquire')
export const acquireCases = cases

add('free-key', 'a free key is granted, with a finite TTL and a bigint token', async (t) => {
  const { grant } = await t.hold(await t.open())
  assert.ok(grant.ttlMs >= LONG_MS, `granted ${grant.ttlMs} ms of ${LONG_MS}`)
})

add('held-key', 'a key that is held is refused to every other claim, from any client', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const { claim } = await t.hold(one)
  contended(await other.tryAcquire(t.claim(claim.key), t.terms()))
  contended(await one.tryAcquire(t.claim(claim.key), t.terms()))
})

add('released-key', 'a released key is granted to another client at once', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const { claim } = await t.hold(one)
  assert.equal(await one.release(claim), true, 'the release did not end the hold')
  await t.hold(other, claim.key)
})

add('one-of-many', 'of many simultaneous claims exactly one is granted', async (t) => {
  const clients = await t.openSome(4)
  const key = t.key()
  const attempts = Array.from({ length: 32 }, (_, i) => clients[i % 4]?.tryAcquire(t.claim(key), t.terms()))
  const answers = await Promise.all(attempts)
  const count = answers.filter((answer) => answer?.granted).length
  assert.equal(count, 1, `${count} of ${answers.length} simultaneous claims were granted`)
})

add('idempotent', 'a repeated claim gets its own grant again, and one release ends it', async (t) => {
  const backend = await t.open()
  const { claim, grant } = await t.hold(backend)
  const again = granted(await backend.tryAcquire(claim, t.terms()))
  assert.equal(again.fencingToken, grant.fencingToken)
  assert.equal(await backend.release(claim), true, 'the release did not end the hold')
  await t.assertFree(claim.key)
})

add('repeat-remaining', 'a repeated claim is promised no more than the time that remains', async (t) => {
  const backend = await t.open()
  const { claim, grant } = await t.hold(backend, t.key(), t.ttlMs)
  await t.pass(t.ttlMs / 2)
  const again = granted(await backend.tryAcquire(claim, t.terms(t.ttlMs)))
  // 2 ms: real timers may fire early, and servers round.
  assert.ok(again.ttlMs <= grant.ttlMs - t.ttlMs / 2 + 2, `promised ${again.ttlMs} ms after half of ${grant.ttlMs}`)
})

add('refusal-leaves-nothing', 'a refused attempt leaves nothing behind at the server', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const { claim } = await t.hold(one)
  contended(await other.tryAcquire(t.claim(claim.key), t.terms()))
  await one.release(claim)
  await t.assertFree(claim.key)
})

add('refusal-remaining', 'a refusal that tells the remaining time tells no more than was granted', async (t) => {
  const [backend, rival] = [await t.open(), await t.open()]
  const { claim, grant } = await t.hold(backend, t.key(), t.ttlMs)
  const { remainingMs } = contended(await rival.tryAcquire(t.claim(claim.key), t.terms()))
  const bound = grant.ttlMs + t.capabilities.slackMs
  assert.ok(
    remainingMs === undefined || (remainingMs >= 0 && remainingMs <= bound),
    `said ${remainingMs} ms of ${bound}`,
  )
})

add('independent-keys', 'holding one key does not keep others from being granted', async (t) => {
  const backend = await t.open()
  const holds = await Promise.all(Array.from({ length: 50 }, () => t.hold(backend)))
  const [first] = holds
  assert.ok(first)
  await backend.release(first.claim)
  await t.assertFree(first.claim.key)
  contended(await (await t.open()).tryAcquire(t.claim(holds[1]?.claim.key), t.terms()))
})

add('all-or-nothing', 'an attempt at several keys takes none of them when one is held', 'tryAcquireAll', async (t) => {
  const backend = await t.open()
  const taken = await t.hold(await t.open())
  const claims = [t.claim(), t.claim(taken.claim.key), t.claim()]
  const answer = await backend.tryAcquireAll?.(claims, t.terms())
  assert.ok(answer !== undefined && !('length' in answer), 'granted, although one key is held')
  await t.assertFree(claims[0]?.key ?? '')
  await t.assertFree(claims[2]?.key ?? '')
})

add(
  'all-in-order',
  'an attempt at several keys answers in their order, and again when repeated',
  'tryAcquireAll',
  async (t) => {
    const backend = await t.open()
    const claims = [t.claim(), t.claim(), t.claim()]
    const grants = await backend.tryAcquireAll?.(claims, t.terms())
    assert.ok(grants !== undefined && 'length' in grants)
    const singly = await Promise.all(claims.map((claim) => backend.tryAcquire(claim, t.terms())))
    const again = await backend.tryAcquireAll?.(claims, t.terms())
    assert.ok(again !== undefined && 'length' in again)
    const tokens = grants.map((grant) => granted(grant).fencingToken)
    assert.deepEqual(
      singly.map((grant) => granted(grant).fencingToken),
      tokens,
    )
    assert.deepEqual(
      again.map((grant) => granted(grant).fencingToken),
      tokens,
    )
  },
)

add('contention-is-null', 'tryAcquire of the engine answers null for contention, and a lease otherwise', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const key = t.key()
  const lease = await one.locks.named(key).tryAcquire()
  assert.ok(lease)
  assert.equal(await other.locks.named(key).tryAcquire(), null)
  assert.equal(await lease.release(), 'released')
  assert.ok(await other.locks.named(key).tryAcquire())
})

for (const minimal of [false, true]) {
  const how = minimal ? 'taken one by one' : 'taken together'
  add(
    `group-none-${minimal ? 'minimal' : 'native'}`,
    `a refused group of keys, ${how}, leaves none of them held`,
    async (t) => {
      const [one, other] = [await t.process(), await t.process({ minimal })]
      const [first, middle, last] = [t.key('a'), t.key('b'), t.key('c')]
      await one.locks.named(middle).acquire()
      assert.equal(await allOf(other.locks, [first, middle, last]).tryAcquire(), null)
      await t.until(() => t.isFree(first), 'the first key comes free', t.soonMs)
      await t.until(() => t.isFree(last), 'the last key comes free', t.soonMs)
    },
  )
}

add('group-rolled-back', 'what a refused group took is given back when its caller is told', async (t) => {
  const [one, other] = [await t.process(), await t.process({ minimal: true })]
  const [first, last] = [t.key('a'), t.key('b')]
  await one.locks.named(last).acquire()
  const observer = await t.open()
  const gate = holdRequest()
  other.wire.next('release', gate.fate)
  let told = false
  const attempt = allOf(other.locks, [last, first])
    .tryAcquire()
    .finally(() => {
      told = true
    })
  await t.until(() => gate.arrived > 0, 'what it took is being given back')
  await t.pass(t.pollMs)
  assert.equal(told, false, 'the caller was told before')
  gate.open()
  assert.equal(await t.settled(attempt), null)
  await t.assertFree(first, observer)
})

add('group-crossed', 'two processes that take the same keys in opposite orders both get them, in turn', async (t) => {
  const keys = [t.key(), t.key(), t.key()]
  let inside = 0
  const visit = async (order: readonly string[]) => {
    const { locks } = await t.process()
    const group = await allOf(locks, order).acquire({ waitMs: LONG_MS })
    inside += 1
    assert.equal(inside, 1, 'two groups hold the same keys')
    await t.pass(t.time.stepMs)
    inside -= 1
    await group.release()
  }
  const visits = Array.from({ length: 6 }, (_, i) => visit(i % 2 === 0 ? keys : keys.toReversed()))
  await t.settled(Promise.all(visits), LONG_MS)
})

add('group-order', 'a group lists its leases in the order of the keys asked for', async (t) => {
  const keys = [t.key('b'), t.key('a'), t.key('c')].toReversed()
  const group = await t.settled(allOf((await t.process()).locks, keys).acquire())
  assert.deepEqual(
    group.leases.map((lease) => lease.key),
    keys,
  )
  group.assertHeld()
})

add('group-given-up', 'a group that is given up while it waits leaves none of its keys held', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const [first, last] = [t.key('a'), t.key('b')]
  await one.locks.named(last).acquire()
  const abort = new AbortController()
  const aborted = allOf(other.locks, [first, last]).acquire({ signal: abort.signal })
  await t.until(() => other.saw('waiting'), 'it waits')
  abort.abort(new Error('enough'))
  await assert.rejects(t.settled(aborted), /enough/)
  await t.rejects(allOf(other.locks, [first, last]).acquire({ waitMs: t.pollMs }), 'ACQUIRE_TIMEOUT')
  await t.until(() => t.isFree(first), 'the first key comes free', t.soonMs)
})

add('group-is-one', 'a group is held as long as each of its leases, and its release ends what is left', async (t) => {
  const { locks } = await t.process()
  const group = await t.settled(allOf(locks, [t.key(), t.key()]).acquire())
  group.assertHeld()
  const [first, last] = group.leases
  assert.ok(first && last)
  assert.equal(group.signal.aborted, false)
  await first.release()
  assert.throws(
    () => group.assertHeld(),
    (error) => isLeaseholdError(error),
  )
  assert.equal(group.remainingMs, 0)
  last.assertHeld()
  assert.equal(await t.settled(group.release()), 'released')
  await t.assertFree(last.key)
})

add(
  'self-deadlock',
  'acquiring, in the work under a lease, the key of that lease is an error, not a wait for ever',
  async (t) => {
    const { locks } = await t.process()
    const lock = locks.named(t.key())
    await t.settled(lock.run(() => t.rejects(lock.acquire(), 'SELF_DEADLOCK')))
    await t.assertFree(lock.key)
  },
)

add('exclusion-under-load', 'under contention of several processes never two hold the key', async (t) => {
  const key = t.key()
  let inside = 0
  let turns = 0
  const worker = async (locks: Process['locks']) => {
    for (let turn = 0; turn < 5; turn += 1) {
      await locks.named(key).run(async () => {
        inside += 1
        assert.equal(inside, 1, 'two processes are inside')
        await t.pass(0)
        inside -= 1
        turns += 1
      })
    }
  }
  const workers = (await Promise.all(Array.from({ length: 4 }, () => t.process()))).flatMap(({ locks }) => [
    worker(locks),
    worker(locks),
  ])
  await t.settled(Promise.all(workers), LONG_MS)
  assert.equal(turns, 40)
})

add(
  'history',
  'the history of several processes that release, forget and contend is one that a lock server can have made',
  async (t) => {
    const key = t.key()
    const events: HistoryEvent[] = []
    const now = () => BigInt(Math.round(t.nowMs() * 1_000))
    const turn = async (locks: Process['locks'], lease: string, forget: boolean) => {
      events.push({ type: 'asked', lease, at: now() })
      const held = await locks.named(key).acquire({ ttlMs: t.ttlMs, autoRenew: false, whenHeld: 'wait' })
      const validUntil = now() + BigInt(Math.floor(held.remainingMs * 1_000))
      events.push({ type: 'granted', lease, key, at: now(), validUntil, fencingToken: held.fencingToken })
      await t.pass(t.time.stepMs)
      if (forget) return
      events.push({ type: 'ended', lease, at: now() })
      await held.release()
    }
    const worker = async (name: number) => {
      const { locks } = await t.process({ pollMs: t.pollMs })
      for (let i = 0; i < 5; i += 1) await turn(locks, `lease ${name}.${i}`, i === 2)
    }
    await t.settled(Promise.all([1, 2, 3].map(worker)), LONG_MS)
    assertHistory(events, 1_000)
    assert.equal(events.filter(({ type }) => type === 'granted').length, 15)
  },
)
