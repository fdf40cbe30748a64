import assert from 'node:assert/strict'
import type { LeaseHandle } from '../../api.ts'
import { isLeaseholdError } from '../../errors.ts'
import { allOf, resume, semaphore, shared } from '../../index.ts'
import { assertOver, contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { holdReply, replyLost } from '../fates.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('portability')
export const portabilityCases = cases

const MAX_HONEST_SLACK_MS = 60_000

add('capabilities', 'name and capabilities are well-formed', async (t) => {
  const { name, capabilities } = await t.open()
  assert.match(name, /^\S(.*\S)?$/)
  for (const flag of ['fifo', 'handOff', 'survivesRestart'] as const) assert.equal(typeof capabilities[flag], 'boolean')
  for (const ms of [capabilities.slackMs, capabilities.minTtlMs]) {
    assert.ok(Number.isFinite(ms) && ms >= 0 && ms <= MAX_HONEST_SLACK_MS, `${ms} ms`)
  }
})

add('same-capabilities', 'every client of one server claims the same capabilities', async (t) => {
  assert.deepEqual((await t.open()).capabilities, (await t.open()).capabilities)
})

add('claims-travel', 'a claim, sent to another process, can be renewed and released there', 'handOff', async (t) => {
  const { claim, grant } = await t.hold(await t.open())
  const received = JSON.parse(JSON.stringify(claim)) as typeof claim
  const other = await t.open()
  const [renewal] = await other.renew([{ ...received, ttlMs: LONG_MS }])
  assert.equal(granted(renewal).fencingToken, grant.fencingToken)
  assert.equal(await other.release(received), true, 'the release did not end the hold')
  await t.assertFree(claim.key)
})

add('outlives-its-client', 'a hold that was handed off outlives the client that took it', 'handOff', async (t) => {
  const { locks } = await t.process()
  const lease = await locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  const handle = lease.handOff()
  const report = await t.settled(locks.close())
  assert.equal(report.released, 0)
  contended(await (await t.open()).tryAcquire(t.claim(lease.key), t.terms()))
  assert.ok(await resume((await t.process()).locks, handle))
})

add('hand-off', 'a handle, sent as JSON, goes on elsewhere with the same token', 'handOff', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const lease = await one.locks.named(t.key()).acquire({ ttlMs: t.ttlMs * 2, metadata: { seat: 'A1' } })
  const handle = JSON.parse(JSON.stringify(lease.handOff())) as LeaseHandle
  const resumed = await t.settled(resume(other.locks, handle))
  assert.ok(resumed)
  assert.equal(resumed.fencingToken, lease.fencingToken)
  assert.equal(resumed.key, lease.key)
  await t.pass(t.ttlMs * 4)
  resumed.assertHeld()
  assert.equal(await t.settled(resumed.release()), 'released')
  await t.assertFree(lease.key)
})

add(
  'handed-off-is-over',
  'a lease that was handed off is over here: not held, not renewed, not released',
  'handOff',
  async (t) => {
    const { locks, wire } = await t.process()
    const lease = await locks.named(t.key()).acquire({ ttlMs: t.ttlMs })
    lease.handOff()
    assertOver(lease, 'LEASE_ENDED')
    assert.equal(lease.remainingMs, 0)
    assert.equal(await lease.release(), 'handed-off')
    const before = wire.count('renew')
    await t.holdInTime(await t.open(), lease.key, t.expiryMs)
    assert.equal(wire.count('renew'), before)
    assert.equal(wire.count('release'), 0)
  },
)

add('resume-gone', 'a handle whose hold is over resumes to null, and disturbs no successor', 'handOff', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const lease = await one.locks.named(t.key()).acquire({ ttlMs: t.ttlMs, autoRenew: false })
  const handle = lease.handOff()
  await t.holdInTime(await t.open(), lease.key, t.expiryMs)
  assert.equal(await t.settled(resume(other.locks, handle)), null)
  contended(await (await t.open()).tryAcquire(t.claim(lease.key), t.terms()))
})

add('resume-again', 'a resumption whose answer was lost can be repeated with the same handle', 'handOff', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const lease = await one.locks.named(t.key()).acquire({ ttlMs: LONG_MS })
  const handle = lease.handOff()
  other.wire.next('renew', replyLost)
  await t.rejects(resume(other.locks, handle), 'BACKEND_UNAVAILABLE')
  const resumed = await t.settled(resume(other.locks, handle))
  assert.equal(resumed?.fencingToken, lease.fencingToken)
})

add(
  'resumed-twice-at-once',
  'a handle that is taken up twice at once is one lease, and none when that was released meanwhile',
  'handOff',
  async (t) => {
    const [one, other] = [await t.process(), await t.process()]
    const handle = (await one.locks.named(t.key()).acquire({ ttlMs: LONG_MS })).handOff()
    const first = await t.settled(resume(other.locks, handle))
    assert.ok(first)
    const gate = holdReply()
    other.wire.next('renew', gate.fate)
    const second = resume(other.locks, handle)
    await t.pass(t.arrivalMs)
    assert.equal(await t.settled(first.release()), 'released')
    const successor = await t.hold(await t.open(), handle.key)
    gate.open()
    const resumed = await t.settled(second)
    assert.equal(resumed?.remainingMs ?? 0, 0, 'two leases are valid for one key')
    contended(await (await t.open()).tryAcquire(t.claim(successor.claim.key), t.terms()))
  },
)

add('resume-forged', 'a handle that is malformed is refused before anything is sent', 'handOff', async (t) => {
  const { locks, wire } = await t.process()
  const sound: LeaseHandle = {
    version: 1,
    key: t.key(),
    holder: 'ab'.repeat(16),
    fencingToken: '7',
    ttlMs: 1_000,
    autoRenew: true,
  }
  const forged = [
    null,
    {},
    { ...sound, version: 2 },
    { ...sound, key: 'a\0b' },
    { ...sound, fencingToken: '7e3' },
    { ...sound, ttlMs: -1 },
  ]
  for (const handle of forged) {
    await assert.rejects(
      async () => resume(locks, handle as never),
      (error) => error instanceof TypeError || error instanceof RangeError,
    )
  }
  assert.equal(wire.requests.length, 0)
})

add(
  'three-operations',
  'the engine does all it promises over the three operations that every backend has',
  async (t) => {
    const [one, other] = [
      await t.process({ minimal: true, pollMs: t.pollMs }),
      await t.process({ minimal: true, pollMs: t.pollMs }),
    ]
    const keys = [t.key(), t.key()]
    const group = await t.settled(allOf(one.locks, keys).acquire())
    assert.equal(await allOf(other.locks, keys).tryAcquire(), null)
    const waiting = allOf(other.locks, keys.toReversed()).acquire({ waitMs: LONG_MS })
    await t.until(() => other.saw('waiting'), 'it waits')
    await group.release()
    const next = await t.settled(waiting)
    next.assertHeld()
    await next.release()
    await t.rejects(one.locks.named(keys[0] ?? '').inspect(), 'UNSUPPORTED')
  },
)

add('parts-not-offered', 'parts of a key are never asked of a backend that does not offer them', async (t) => {
  const { locks, wire } = await t.process({ minimal: true })
  const [readers, permits] = [shared(locks, t.key()), semaphore(locks, t.key(), 3)]
  for (const part of [readers, permits]) {
    await t.rejects(part.acquire(), 'UNSUPPORTED')
    await t.rejects(part.tryAcquire(), 'UNSUPPORTED')
    await t.rejects(
      part.run(() => undefined),
      'UNSUPPORTED',
    )
  }
  assert.equal(wire.requests.length, 0)
})

add('metadata-of-the-engine', 'metadata given to the engine is what another process inspects', 'inspect', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const metadata = { who: 'till 4', items: [1, 'é', null] }
  const lease = await one.locks.named(t.key()).acquire({ metadata })
  const [shown] = await other.locks.named(lease.key).inspect()
  assert.deepEqual(shown?.metadata, metadata)
  assert.equal(shown?.fencingToken, lease.fencingToken)
  await lease.release()
  assert.deepEqual(await other.locks.named(lease.key).inspect(), [])
})

add('foreign-errors', 'errors of another loaded copy of the package are recognised', async () => {
  const foreign = Object.assign(new Error('from elsewhere'), {
    code: 'LEASE_LOST',
    [Symbol.for('leasehold.error')]: true,
  })
  assert.equal(isLeaseholdError(foreign, 'LEASE_LOST'), true)
  assert.equal(isLeaseholdError(foreign, 'CLOSED'), false)
  assert.equal(isLeaseholdError(new Error('LEASE_LOST')), false)
})
