import assert from 'node:assert/strict'
import type { LockBackend } from '../../contract.ts'
import { allOf } from '../../index.ts'
import { granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { altered, holdRequest } from '../fates.ts'
import { LONG_MS, type Trial } from '../trial.ts'

const { cases, add } = caseGroup('fencing')
export const fencingCases = cases

add('over-release', 'tokens strictly increase from grant to grant, whoever is granted', async (t) => {
  const clients = await t.openSome(3)
  const key = t.key()
  const tokens: bigint[] = []
  for (let i = 0; i < 20; i += 1) tokens.push(await visit(t, pick(clients, i), key))
  assertIncreasing(tokens)
})

add('over-expiry', 'the token after an expiry is greater than the one before', async (t) => {
  const [one, other] = [await t.open(), await t.open()]
  const key = t.key()
  const tokens = [await visit(t, one, key), await visit(t, other, key)]
  tokens.push((await t.hold(one, key, t.ttlMs)).grant.fencingToken)
  const successor = await t.holdInTime(other, key, t.expiryMs)
  tokens.push(successor.grant.fencingToken)
  await other.release(successor.claim)
  tokens.push(await visit(t, one, key))
  assertIncreasing(tokens)
})

add('over-idleness', 'a key that nobody held for long goes on with a greater token', async (t) => {
  const key = t.key()
  const tokens = [await visit(t, await t.open(), key)]
  await t.pass(t.expiryMs * 2)
  tokens.push(await visit(t, await t.open(), key))
  assertIncreasing(tokens)
})

add('same-claim', 'a claim that is granted again after its hold ended gets a greater token', async (t) => {
  const backend = await t.open()
  const { claim, grant } = await t.hold(backend)
  await backend.release(claim)
  const again = granted(await backend.tryAcquire(claim, t.terms()))
  assertIncreasing([grant.fencingToken, again.fencingToken])
})

add('under-load', 'simultaneous attempts of many clients are granted with increasing tokens', async (t) => {
  const key = t.key()
  const tokens: bigint[] = []
  const worker = async (backend: LockBackend) => {
    for (let granted = 0; granted < 5; ) {
      const claim = t.claim(key)
      const answer = await backend.tryAcquire(claim, t.terms())
      if (answer.granted) {
        // While this claim holds the key, every grant seen before is over: its token must be the greatest.
        tokens.push(answer.fencingToken)
        granted += 1
        await backend.release(claim)
      } else await t.pass(0)
    }
  }
  await t.settled(Promise.all((await t.openSome(8)).map(worker)), LONG_MS)
  assert.equal(tokens.length, 40)
  assertIncreasing(tokens)
})

add(
  'after-exclusion',
  'a request that was delayed on its way gets a token greater than those granted meanwhile',
  async (t) => {
    const slow = await t.process({ requestTimeoutMs: LONG_MS })
    const key = t.key()
    const gate = holdRequest()
    slow.wire.next('tryAcquire', gate.fate)
    const delayed = slow.locks.named(key).tryAcquire()
    await t.until(() => gate.arrived === 1, 'it is on its way')
    const tokens = [await visit(t, await t.open(), key), await visit(t, await t.open(), key)]
    gate.open()
    const lease = await t.settled(delayed)
    assert.ok(lease)
    assertIncreasing([...tokens, lease.fencingToken])
  },
)

add('of-a-group', 'keys taken together get tokens greater than each had before', async (t) => {
  const keys = [t.key(), t.key()]
  const before = [await visit(t, await t.open(), keys[0] ?? ''), await visit(t, await t.open(), keys[1] ?? '')]
  const group = await t.settled(allOf((await t.process()).locks, keys).acquire())
  for (const [i, lease] of group.leases.entries()) assertIncreasing([before[i] ?? 0n, lease.fencingToken])
  await group.release()
  assertIncreasing([group.leases[0]?.fencingToken ?? 0n, await visit(t, await t.open(), keys[0] ?? '')])
})

/** Beyond what a double holds exactly. */
const LARGE = 2n ** 63n - 25n

add('beyond-doubles', 'a token above 2^53 reaches the caller and the observer exactly', async (t) => {
  const { locks, wire, events } = await t.process({ autoRenew: false })
  wire.always('tryAcquire', altered(withLargeToken))
  const lease = await locks.named(t.key()).tryAcquire()
  assert.equal(lease?.fencingToken, LARGE)
  assert.ok(events.some((event) => event.type === 'acquired' && event.fencingToken === LARGE))
})

add(
  'driver-beyond-doubles',
  'tokens above 2^53 come exactly through driver and server',
  'alone',
  'raiseTokens',
  async (t) => {
    const above = 2n ** 53n
    await t.faults.raiseTokens?.(above)
    const [backend, other] = [await t.open(), await t.open()]
    const key = t.key()
    const tokens = [above]
    for (let i = 0; i < 8; i += 1) tokens.push(await visit(t, i % 2 === 0 ? backend : other, key))
    assertIncreasing(tokens)
    const odd = tokens.filter((token) => token % 2n === 1n)
    assert.ok(odd.length > 0, 'only even tokens: as if they came through a double')
    const { claim, grant } = await t.hold(backend, key)
    assert.equal(granted(await backend.tryAcquire(claim, t.terms())).fencingToken, grant.fencingToken)
    assert.equal(granted((await backend.renew([{ ...claim, ttlMs: LONG_MS }]))[0]).fencingToken, grant.fencingToken)
  },
)

add('handle-beyond-doubles', 'a token above 2^53 reaches the handle exactly', 'handOff', async (t) => {
  const { locks, wire } = await t.process({ autoRenew: false })
  wire.always('tryAcquire', altered(withLargeToken))
  const lease = await locks.named(t.key()).acquire()
  assert.equal(lease.handOff().fencingToken, String(LARGE))
})

add(
  'inspected',
  'inspect shows the token, the metadata and the time of the present hold, and nothing for none',
  'inspect',
  async (t) => {
    const [holder, observer] = [await t.open(), await t.open()]
    const claim = t.claim()
    assert.deepEqual(await observer.inspect?.(claim.key), [])
    const grant = granted(await holder.tryAcquire(claim, t.terms(LONG_MS, '{"who":"a"}')))
    const [shown] = (await observer.inspect?.(claim.key)) ?? []
    assert.equal(shown?.fencingToken, grant.fencingToken)
    assert.equal(shown?.metadata, '{"who":"a"}')
    assert.ok(shown.remainingMs > 0 && shown.remainingMs <= grant.ttlMs)
    await holder.release(claim)
    assert.deepEqual(await observer.inspect?.(claim.key), [])
  },
)

add('inspected-expiry', 'inspect shows no hold that has expired', 'inspect', async (t) => {
  const { claim } = await t.hold(await t.open(), t.key(), t.ttlMs)
  await t.pass(t.expiryMs + 1)
  assert.deepEqual(await (await t.open()).inspect?.(claim.key), [])
})

add(
  'server-restart',
  'tokens go on increasing after the server restarted with its data',
  'restartKeepingData',
  async (t) => {
    const key = t.key()
    const tokens = [await visit(t, await t.open(), key), await visit(t, await t.open(), key)]
    await t.faults.restartKeepingData?.()
    tokens.push(await visit(t, await t.open(), key))
    assertIncreasing(tokens)
  },
)

const withLargeToken = (reply: Awaited<ReturnType<LockBackend['tryAcquire']>>) =>
  reply.granted ? { ...reply, fencingToken: LARGE } : reply

/** Holds the key for a moment; the token. */
async function visit(t: Trial, backend: LockBackend, key: string): Promise<bigint> {
  const { claim, grant } = await t.hold(backend, key)
  await backend.release(claim)
  return grant.fencingToken
}

function assertIncreasing(tokens: readonly bigint[]): void {
  const falling = tokens.findIndex((token, i) => i > 0 && token <= (tokens[i - 1] ?? 0n))
  assert.equal(falling, -1, `token ${tokens[falling]} came after ${tokens[falling - 1]}`)
}

function pick<T>(items: readonly T[], i: number): T {
  const item = items[i % items.length]
  assert.ok(item !== undefined)
  return item
}
