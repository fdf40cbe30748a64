import assert from 'node:assert/strict'
import type { LockBackend } from '../../contract.ts'
import { resume, shared } from '../../index.ts'
import { contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { begin, openExperienced, type Standing, stand } from '../standing.ts'
import type { Trial } from '../trial.ts'

const { cases, add } = caseGroup('shared')

/** Readers and writers: any number of shared holds together, or one of the whole key, and nobody overtakes the line. */
export const sharedCases = cases

const SHARED = { kind: 'shared' } as const

/** A server may keep a waiter's place for so long only, and let it come again. */
const PLACE_MS = 700

const read = (t: Trial, backend: LockBackend, key: string, ttlMs?: number) => t.hold(backend, key, ttlMs, SHARED)

/** Whether it has its turn, after the time to arrive: one who begins to wait just now needs no more. */
async function hasTurn(t: Trial, { grant }: Standing): Promise<boolean> {
  let has = false
  void grant.then((turn) => {
    has = turn !== undefined
  })
  await t.pass(t.arrivalMs)
  return has
}

add('together', 'readers hold a key together, each with a token of its own', 'shared', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const holds = [await read(t, one, key), await read(t, other, key), await read(t, one, key)]
  const tokens = holds.map(({ grant }) => grant.fencingToken)
  assert.ok(
    tokens.every((token, index) => index === 0 || token > (tokens[index - 1] as bigint)),
    `tokens ${tokens.join(', ')}`,
  )
})

add('excludes', 'a reader keeps a writer out, and a writer keeps readers and writers out', 'shared', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const reader = await read(t, one, key)
  contended(await other.tryAcquire(t.claim(key), t.terms()))
  contended(await one.tryAcquire(t.claim(key), t.terms()))
  await one.release(reader.claim)
  const writer = await t.hold(other, key)
  contended(await one.tryAcquire(t.claim(key, SHARED), t.terms()))
  contended(await other.tryAcquire(t.claim(key, SHARED), t.terms()))
  await other.release(writer.claim)
  await t.assertFree(key)
})

add(
  'last-reader',
  'the key is free for a writer when the last reader has left, and not before',
  'shared',
  async (t) => {
    const [one, other] = [await t.open(), await t.open()]
    const key = t.key()
    const [first, second] = [await read(t, one, key), await read(t, other, key)]
    assert.equal(await one.release(first.claim), true, 'the release did not end the hold')
    assert.equal(await one.release(first.claim), false, 'a hold was ended twice')
    assert.equal(await t.isFree(key), false, 'a writer was granted the key beside a reader')
    assert.equal(await other.release(second.claim), true, 'the release did not end the hold')
    await t.assertFree(key)
  },
)

add('one-order', 'tokens of readers and writers stand in one order', 'shared', async (t) => {
  const backend = await t.open()
  const key = t.key()
  const tokens: bigint[] = []
  for (const share of [undefined, SHARED, undefined, SHARED, SHARED, undefined]) {
    const { claim, grant } = await t.hold(backend, key, undefined, share)
    tokens.push(grant.fencingToken)
    await backend.release(claim)
  }
  assert.ok(
    tokens.every((token, index) => index === 0 || token > (tokens[index - 1] as bigint)),
    `tokens ${tokens.join(', ')}`,
  )
})

add('idempotent', 'a reader that asks again gets its own grant again, and one release ends it', 'shared', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  await read(t, other, key)
  const { claim, grant } = await read(t, one, key)
  const again = granted(await one.tryAcquire(claim, t.terms()))
  assert.equal(again.fencingToken, grant.fencingToken)
  const [renewal] = await one.renew([{ ...claim, ttlMs: 60_000 }])
  assert.ok(typeof renewal === 'object' && renewal.fencingToken === grant.fencingToken, `renewal: ${renewal}`)
  assert.equal(await one.release(claim), true, 'the release did not end the hold')
  assert.deepEqual(await one.renew([{ ...claim, ttlMs: 60_000 }]), ['gone'])
})

add('expiry', 'a reader who falls silent is gone, and those who renew stay', 'shared', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const silent = await read(t, one, key, t.ttlMs)
  const living = await read(t, other, key)
  await other.renew([{ ...living.claim, ttlMs: 60_000 }])
  await t.pass(silent.grant.ttlMs + t.capabilities.slackMs)
  assert.deepEqual(await one.renew([{ ...silent.claim, ttlMs: t.ttlMs }]), ['gone'])
  const [kept] = await other.renew([{ ...living.claim, ttlMs: 60_000 }])
  assert.ok(typeof kept === 'object', `the one that lives is ${kept}`)
  assert.equal(await t.isFree(key), false, 'a writer was granted the key beside a reader')
  await other.release(living.claim)
  await t.assertFree(key)
})

add('dead-readers', 'readers who all fall silent keep nobody out for longer than their TTL', 'shared', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  await read(t, one, key, t.ttlMs)
  await read(t, other, key, t.ttlMs)
  const writer = await stand(t, other, key)
  const grant = await t.settled(writer.grant, t.expiryMs + t.patienceMs)
  assert.ok(grant, 'the writer got no turn')
  contended(await one.tryAcquire(t.claim(key, SHARED), t.terms()))
})

add('no-overtaking', 'a reader who comes after a waiting writer does not pass it', 'shared', async (t) => {
  const [one, other, third] = [await t.open(), await openExperienced(t), await openExperienced(t)]
  const key = t.key()
  const reading = await read(t, one, key)
  const sinceMs = t.nowMs()
  const writer = await stand(t, other, key)
  contended(await third.tryAcquire(t.claim(key, SHARED), t.terms()))
  // Whose client reads already.
  contended(await one.tryAcquire(t.claim(key, SHARED), t.terms()))
  const late = begin(t, third, t.claim(key, SHARED))
  const passes = await hasTurn(t, late)
  t.seenWithin(PLACE_MS, sinceMs, 'who passes whom')
  assert.equal(passes, false, 'a reader has passed a writer who waits')
  await one.release(reading.claim)
  const grant = await t.settled(writer.grant)
  assert.ok(grant, 'the writer got no turn')
  assert.equal(await hasTurn(t, late), false, 'a reader reads beside a writer')
  await other.release(writer.claim)
  const turn = await t.settled(late.grant)
  assert.ok(turn && turn.fencingToken > grant.fencingToken, 'the reader got no turn, or an older token')
})

add('all-at-once', 'readers who wait together are granted together', 'shared', async (t) => {
  const clients = await t.openSome(3)
  const [writer] = clients
  assert.ok(writer)
  const { claim } = await t.hold(writer)
  const readers: Standing[] = []
  for (let index = 0; index < 6; index += 1)
    readers.push(await stand(t, clients[index % 3] as LockBackend, claim.key, SHARED))
  await writer.release(claim)
  const grants = await t.settled(Promise.all(readers.map(({ grant }) => grant)))
  const tokens = new Set(grants.map((grant) => grant?.fencingToken))
  assert.equal(
    tokens.size,
    readers.length,
    `${tokens.size} of ${readers.length} readers read with a token of their own`,
  )
  assert.equal(await t.isFree(claim.key), false)
})

add('writer-leaves', 'a writer that gives up waiting lets in the readers behind it', 'shared', async (t) => {
  const [one, other, third] = [await t.open(), await openExperienced(t), await openExperienced(t)]
  const key = t.key()
  await read(t, one, key)
  const sinceMs = t.nowMs()
  const writer = await stand(t, other, key)
  const late = begin(t, third, t.claim(key, SHARED))
  const passes = await hasTurn(t, late)
  t.seenWithin(PLACE_MS, sinceMs, 'who passes whom')
  assert.equal(passes, false, 'a reader has passed a writer who waits')
  writer.abort()
  await t.settled(writer.grant)
  await other.release(writer.claim)
  assert.ok(await t.settled(late.grant), 'the reader got no turn')
})

add('inspected', 'inspect shows every reader', 'shared', 'inspect', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const holds = [await read(t, one, key), await read(t, other, key)]
  const shown = (await one.inspect?.(key)) ?? []
  const tokens = (tokened: readonly { fencingToken: bigint }[]) =>
    tokened.map(({ fencingToken }) => fencingToken).sort()
  assert.deepEqual(tokens(shown), tokens(holds.map(({ grant }) => grant)))
  for (const { share, remainingMs } of shown) {
    assert.equal(share?.kind, 'shared')
    assert.ok(remainingMs > 0, `${remainingMs} ms remain`)
  }
})

add(
  'handed-over',
  'a shared lease is taken up by another process, and goes on beside others',
  'shared',
  'handOff',
  async (t) => {
    const [one, other] = [await t.process(), await t.process()]
    const key = t.key()
    const lease = await t.settled(shared(one.locks, key).acquire())
    const beside = await t.settled(shared(one.locks, key).acquire())
    const resumed = await t.settled(resume(other.locks, lease.handOff()))
    assert.equal(resumed?.fencingToken, lease.fencingToken)
    await t.settled(resumed.renew())
    assert.equal(await t.settled(resumed.release()), 'released')
    assert.equal(await t.isFree(key), false, 'the other reader is gone, too')
    beside.assertHeld()
    await t.settled(beside.release())
    await t.assertFree(key)
  },
)

add('many-in-one-process', 'readers of one process read at once', 'shared', async (t) => {
  const { locks } = await t.process()
  const key = t.key()
  const leases = await t.settled(Promise.all(Array.from({ length: 40 }, () => shared(locks, key).acquire())))
  assert.equal(new Set(leases.map(({ fencingToken }) => fencingToken)).size, leases.length)
  for (const lease of leases) lease.assertHeld()
  await t.settled(Promise.all(leases.map((lease) => lease.release())))
  await t.assertFree(key)
})

add('writer-not-starved', 'a writer has its turn, though readers keep coming', 'shared', async (t) => {
  const [readers, writers] = [await t.process(), await t.process()]
  const key = t.key()
  let over = false
  let reads = 0
  const keepReading = async () => {
    while (!over) {
      const lease = await shared(readers.locks, key).acquire()
      reads += 1
      await t.pass(t.time.stepMs)
      await lease.release()
    }
  }
  const reading = Array.from({ length: 8 }, keepReading)
  await t.until(() => reads > 16, 'they read')
  const writing = writers.locks.named(key).acquire()
  const lease = await t.settled(writing).finally(() => {
    over = true
  })
  lease.assertHeld()
  await lease.release()
  await t.settled(Promise.all(reading))
})

add('late-reader', 'a reader whose wait is called off leaves nothing behind', 'shared', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const { claim } = await t.hold(one)
  const reader = begin(t, other, t.claim(claim.key, SHARED))
  await t.pass(t.arrivalMs)
  reader.abort()
  await t.settled(reader.grant)
  await other.release(reader.claim)
  await one.release(claim)
  await t.assertFree(claim.key)
})
