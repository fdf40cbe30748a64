import assert from 'node:assert/strict'
import { forceRelease, list, semaphore, shared, stats } from '../../index.ts'
import { caseGroup } from '../case.ts'
import { begin } from '../standing.ts'

const { cases, add } = caseGroup('operators')

/** What operators do and ask; and holds that last, however soon they are given back. */
export const operatorCases = cases

add(
  'forced',
  'a hold that is ended by force is gone, told so with the reason, and followed by a greater token',
  'forceRelease',
  async (t) => {
    const [one, operator] = [await t.process(), await t.process()]
    const key = t.key()
    const lease = await t.settled(one.locks.named(key).acquire())
    assert.equal(await t.settled(forceRelease(operator.locks, key, { reason: 'till 4 hangs' })), 1)
    const next = await t.settled(operator.locks.named(key).acquire())
    assert.ok(next.fencingToken > lease.fencingToken, `token ${next.fencingToken} after ${lease.fencingToken}`)
    await t.rejects(lease.renew(), 'LEASE_LOST')
    assert.throws(() => lease.assertHeld(), /till 4 hangs/)
    const loss = one.events.find(({ type }) => type === 'lost')
    assert.ok(loss?.type === 'lost')
    assert.equal(loss.reason, 'forced')
    assert.equal(loss.why, 'till 4 hangs')
    next.assertHeld()
    assert.equal(await t.settled(forceRelease(operator.locks, t.key(), { reason: 'nobody has it' })), 0)
  },
)

add('forced-line', 'who waits for a key that is freed by force gets it', 'forceRelease', 'waitForTurn', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const { claim, grant } = await t.hold(one)
  const waiter = begin(t, other, t.claim(claim.key))
  await t.pass(t.arrivalMs)
  assert.equal(await one.forceRelease?.(claim.key, 'for the test'), 1)
  const turn = await t.settled(waiter.grant)
  assert.ok(turn && turn.fencingToken > grant.fencingToken)
  assert.equal(await one.release(claim), false, 'the one that was forced out ended the hold of the next')
})

add('forced-parts', 'every part of a key is ended by force', 'forceRelease', 'shared', async (t) => {
  const { locks } = await t.process()
  const key = t.key()
  const readers = await t.settled(Promise.all([shared(locks, key).acquire(), shared(locks, key).acquire()]))
  assert.equal(await t.settled(forceRelease(locks, key, { reason: 'for the test' })), 2)
  await t.assertFree(key)
  for (const reader of readers) await t.rejects(reader.renew(), 'LEASE_LOST')
})

add('listed', 'what is held is listed by prefix: the key, the token, the metadata', 'list', async (t) => {
  const { locks } = await t.process()
  const prefix = t.key(':of the list:')
  const leases = await t.settled(
    Promise.all(['a', 'b', 'c'].map((name) => locks.named(prefix + name).acquire({ metadata: { name } }))),
  )
  await t.settled(locks.named(t.key()).acquire())
  await t.settled((leases[1] as (typeof leases)[0]).release())
  const found = [...(await t.settled(list(locks, { prefix })))].sort((x, y) => (x.key < y.key ? -1 : 1))
  assert.deepEqual(
    found.map(({ key, fencingToken, metadata }) => ({ key, fencingToken, metadata })),
    [0, 2].map((index) => {
      const { key, fencingToken } = leases[index] as (typeof leases)[0]
      return { key, fencingToken, metadata: { name: key.slice(prefix.length) } }
    }),
  )
  assert.equal((await t.settled(list(locks, { prefix, limit: 1 }))).length, 1)
})

add('listed-parts', 'parts of keys are listed, too', 'list', 'permits', async (t) => {
  const { locks } = await t.process()
  const key = t.key()
  const leases = [
    await t.settled(semaphore(locks, key, 3).acquire({ permits: 2 })),
    await t.settled(semaphore(locks, key, 3).acquire()),
  ]
  const found = await t.settled(list(locks, { prefix: key }))
  const slots = (held: readonly { readonly slots?: readonly number[] }[]) => held.map((each) => each.slots).sort()
  assert.deepEqual(slots(found), slots(leases))
})

add(
  'annotated',
  'metadata that is replaced is what others see, and only the holder replaces it',
  'annotate',
  'inspect',
  async (t) => {
    const [one, other] = [await t.open(), await t.open()]
    const { claim } = await t.hold(one)
    assert.equal(await one.annotate?.(claim, '"half way"'), true)
    assert.equal((await other.inspect?.(claim.key))?.[0]?.metadata, '"half way"')
    assert.equal(await other.annotate?.(t.claim(claim.key), '"mine"'), false)
    assert.equal((await other.inspect?.(claim.key))?.[0]?.metadata, '"half way"')
    await one.release(claim)
    assert.equal(await one.annotate?.(claim, '"too late"'), false)
    await t.assertFree(claim.key)
  },
)

add('watched', 'a watch is told of a grant, a release, an annotation', 'watch', 'annotate', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const abort = new AbortController()
  let changes = 0
  other.watch?.(key, abort.signal, () => {
    changes += 1
  })
  const next = async (what: string) => {
    const before = changes
    return t.until(() => changes > before, what)
  }
  await t.until(() => changes > 0, 'the watch begins')
  await t.pass(t.arrivalMs)
  const granting = next('the grant is told')
  const { claim } = await t.hold(one, key)
  await granting
  const annotating = next('the annotation is told')
  await one.annotate?.(claim, '1')
  await annotating
  const releasing = next('the release is told')
  await one.release(claim)
  await releasing
  abort.abort()
})

add('counted', 'stats tell what this process holds and wants', async (t) => {
  const { locks, saw } = await t.process()
  const [held, key] = [await t.settled(locks.named(t.key()).acquire()), t.key()]
  const other = await t.hold(await t.open(), key)
  const waiting = locks.named(key).acquire({ waitMs: 60_000 })
  await t.until(() => saw('waiting'), 'it waits')
  const { leases, waiting: waiters } = stats(locks)
  assert.deepEqual({ leases, waiters }, { leases: 1, waiters: 1 })
  await (await t.open()).release(other.claim)
  await (await t.settled(waiting)).release()
  await held.release()
  const after = stats(locks)
  assert.deepEqual([after.leases, after.waiting, after.renewing], [0, 0, 0])
})

add('at-least', 'a lock that is to be held at least so long is not free sooner, and is free then', async (t) => {
  const { locks } = await t.process()
  const backend = await t.open()
  const key = t.key()
  const minHoldMs = t.ttlMs / 2
  const lease = await t.settled(locks.named(key).acquire({ ttlMs: 4 * t.ttlMs, minHoldMs }))
  const heldSince = t.nowMs()
  assert.equal(await t.settled(lease.release()), 'released')
  assert.equal(lease.remainingMs, 0)
  const freed = await t.holdInTime(backend, key, minHoldMs + t.patienceMs)
  const lasted = t.nowMs() - heldSince
  // Told here after it had begun.
  assert.ok(lasted >= minHoldMs - t.arrivalMs, `free after ${lasted} ms, of at least ${minHoldMs}`)
  assert.ok(lasted < 4 * t.ttlMs, `free after ${lasted} ms: only its TTL has ended it`)
  assert.ok(freed.grant.fencingToken > lease.fencingToken)
})

// What cannot be handed off ends with its holder's session.
add('at-least-closed', 'closing does not cut short what is to be held at least so long', 'handOff', async (t) => {
  const { locks } = await t.process()
  const backend = await t.open()
  const key = t.key()
  const lease = await t.settled(locks.named(key).acquire({ ttlMs: t.ttlMs, minHoldMs: t.ttlMs }))
  const since = t.nowMs()
  await t.settled(lease.release())
  await t.settled(locks.close())
  await t.holdInTime(backend, key, t.expiryMs + t.patienceMs)
  const lasted = t.nowMs() - since
  assert.ok(lasted >= t.ttlMs - t.arrivalMs, `free after ${lasted} ms, of at least ${t.ttlMs}`)
})
