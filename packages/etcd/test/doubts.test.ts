import type { Claim } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { describe, expect, it } from 'vitest'
import type { EtcdBackend } from '../src/index.ts'
import { isMove } from '../src/transactions.ts'
import { asUsual, each, fate, gate, isAbout, startAlteredEtcd, unheard } from './altered.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const etcd = await startAlteredEtcd()
const { placeOf } = etcd

const TTL_MS = 60_000
const unavailable = { code: 'UNAVAILABLE' }
const renewed = (claims: readonly Claim[]) => claims.map((claim) => ({ ...claim, ttlMs: TTL_MS }))
const moves = (transaction: Parameters<typeof isMove>[0]) => each(transaction).some(isMove)

/** The answer to another write on its present etcd lease of this TTL is lost. */
async function doubt(backend: EtcdBackend): Promise<void> {
  const other = claimOn(uniqueKey())
  const { txn } = fate
  fate.txn = (transaction, send) => (isAbout(other.key, transaction) ? unheard(send) : txn(transaction, send))
  await expect(backend.tryAcquire(other, terms(TTL_MS))).rejects.toMatchObject(unavailable)
  fate.txn = txn
}

async function held(backend: EtcdBackend, count: number): Promise<Claim[]> {
  const claims = Array.from({ length: count }, () => claimOn(uniqueKey()))
  await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms(TTL_MS))))
  return claims
}

describe('an etcd lease that comes in doubt while a hold moves to it', () => {
  it.each(['here', 'elsewhere'])('keeps the hold, which is known %s', async (where) => {
    const holder = etcd.open()
    const [claim] = (await held(holder, 1)) as [Claim]
    const { fencingToken } = (await holder.tryAcquire(claim, terms(TTL_MS))) as { fencingToken: bigint }
    if (where === 'here') await doubt(holder)
    const backend = where === 'here' ? holder : etcd.open()
    const [moved, answered] = [gate(), gate()]
    fate.txn = async (transaction, send) => {
      const answer = await send()
      if (moves(transaction)) {
        moved.open()
        await answered.opened
      }
      return answer
    }
    const renewing = backend.renew(renewed([claim]))
    await moved.opened
    const before = await placeOf(claim)
    await doubt(backend)
    answered.open()
    expect(await renewing).toMatchObject([{ granted: true, fencingToken }])
    fate.txn = asUsual
    expect(await etcd.open().tryAcquire(claimOn(claim.key), terms(TTL_MS))).toEqual({ granted: false })
    // Whatever is left of the one in doubt, the hold is where it always was.
    expect(await backend.renew(renewed([claim]))).toMatchObject([{ granted: true, fencingToken }])
    expect((await placeOf(claim))?.create_revision).toBe(before?.create_revision)
    await until('it hangs on another one', async () => (await placeOf(claim))?.lease !== before?.lease)
    expect(await backend.release(claim)).toBe(true)
  })
})

it('a hold that has moved twice stays where it is, although the answer to the first move comes last', async () => {
  const backend = etcd.open()
  const [claim] = (await held(backend, 1)) as [Claim]
  await doubt(backend)
  const [moved, answered] = [gate(), gate()]
  fate.txn = async (transaction, send) => {
    const answer = await send()
    if (!moves(transaction)) return answer
    fate.txn = asUsual
    moved.open()
    await answered.opened
    return answer
  }
  const first = backend.renew(renewed([claim]))
  await moved.opened
  await doubt(backend)
  expect(await backend.renew(renewed([claim]))).toMatchObject([{ granted: true }])
  const before = await placeOf(claim)
  answered.open()
  expect(await first).toMatchObject([{ granted: true }])
  // It would be revoked, if nothing were known to hang on it.
  await doubt(backend)
  for (let times = 0; times < 5; times += 1) expect(await placeOf(claim)).toEqual(before)
  expect(await backend.renew(renewed([claim]))).toMatchObject([{ granted: true }])
  expect(await backend.release(claim)).toBe(true)
})

it('a batch of moves of which one transaction is not answered is answered for all others, and it is asked once how long an etcd lease lasts', async () => {
  const backend = etcd.open()
  const claims = await held(backend, 100)
  await doubt(backend)
  const lost = gate()
  let sent = 0
  fate.txn = async (transaction, send) => {
    if (!moves(transaction)) return send()
    sent += 1
    if (sent > 1) {
      const answer = await send()
      await lost.opened
      return answer
    }
    try {
      return await unheard(send)
    } finally {
      // What was moved by the others hangs on an etcd lease in doubt then.
      setTimeout(lost.open)
    }
  }
  const answers = await backend.renew(renewed(claims))
  expect(sent).toBe(4)
  expect(answers.filter((answer) => answer === 'unknown')).toHaveLength(32)
  expect(answers.filter((answer) => typeof answer === 'object')).toHaveLength(68)
  fate.txn = asUsual
  fate.looksAtLeases = 0
  expect(await backend.renew(renewed(claims))).toEqual(claims.map(() => expect.objectContaining({ granted: true })))
  expect(fate.looksAtLeases).toBeLessThanOrEqual(1)
  expect(await backend.releaseAll?.(claims)).toEqual(claims.map(() => true))
})

it('a hold moves only to an etcd lease that lasts as long as the one it leaves, whatever becomes of the answer', async () => {
  const [giver, taker] = [etcd.open(), etcd.open({ deadlineMs: 1_000 })]
  const ttlMs = 8_000
  const kept = claimOn(uniqueKey())
  await taker.tryAcquire(kept, terms(ttlMs))
  const { lease = '' } = (await placeOf(kept)) ?? {}
  await taker.release(kept)
  const remainingSeconds = async (ID: string) => Number((await etcd.raw.leaseClient.leaseTimeToLive({ ID })).TTL)
  await until('its etcd lease has aged', async () => (await remainingSeconds(lease)) <= 5)
  const claim = claimOn(uniqueKey())
  await giver.tryAcquire(claim, terms(ttlMs))
  fate.txn = (transaction, send) => (moves(transaction) ? unheard(send) : send())
  fate.keepsAlive = false
  await expect(taker.renew([{ ...claim, ttlMs }])).rejects.toThrow()
  expect(await remainingSeconds((await placeOf(claim))?.lease ?? '')).toBeGreaterThan(5)
  fate.keepsAlive = true
  await giver.release(claim)
})

it('a claim that another process renewed as it was being taken up is looked at again', async () => {
  const [giver, taker] = [etcd.open(), etcd.open()]
  const [claim] = (await held(giver, 1)) as [Claim]
  const longer = [{ ...claim, ttlMs: 2 * TTL_MS }]
  let crossed = 0
  fate.txn = async (transaction, send) => {
    if (!moves(transaction) || crossed > 0) return send()
    crossed += 1
    expect(await giver.renew(longer)).toMatchObject([{ granted: true }])
    return send()
  }
  expect(await taker.renew(renewed([claim]))).toMatchObject([{ granted: true }])
  expect(crossed).toBe(1)
  expect(await taker.release(claim)).toBe(true)
})
