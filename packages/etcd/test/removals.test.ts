import type { Claim } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { describe, expect, it } from 'vitest'
import type { Transaction } from '../src/connection.ts'
import { EtcdError, type EtcdErrorCode } from '../src/errors.ts'
import type { EtcdBackend } from '../src/index.ts'
import { each, fate, isAbout, isRemoval, startAlteredEtcd } from './altered.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const etcd = await startAlteredEtcd()
const { placeOf } = etcd

const TTL_MS = 1_000
const removes = (transaction: Transaction) => each(transaction).some(isRemoval)
/** Once, what would remove the place of this claim is answered so. */
function refuse(claim: Claim, code: EtcdErrorCode): { refused: boolean } {
  const seen = { refused: false }
  fate.txn = async (transaction, send) => {
    if (seen.refused || !isAbout(claim.holder, transaction) || !removes(transaction)) return send()
    seen.refused = true
    throw new EtcdError(code, 'as told')
  }
  return seen
}

const ENDINGS: Record<string, (backend: EtcdBackend, claim: Claim) => Promise<unknown>> = {
  'a release': (backend, claim) => backend.release(claim),
  'a release of many': async (backend, claim) => backend.releaseAll?.([claim]),
  async 'a hand-over to another caller'(backend, claim) {
    const next = claimOn(claim.key)
    const abort = new AbortController()
    const handingOver = backend.release(claim, { ...next, ...terms(TTL_MS) })
    const waiting = backend.waitForTurn?.(next, terms(TTL_MS), abort.signal)
    await handingOver.finally(async () => {
      abort.abort()
      await waiting?.catch(() => {})
      await backend.release(next)
    })
  },
}

describe.each(['NO_LEADER', 'NOT_NOW'] as const)('while etcd serves nobody: %s', (code) => {
  it.each(Object.keys(ENDINGS))(
    '%s leaves a key that is removed soon after, and others stay where they are',
    async (name) => {
      const backend = etcd.open()
      const [left, kept] = [claimOn(uniqueKey()), claimOn(uniqueKey())]
      // Deletions are heard: who is next is put in line with the release.
      const warm = claimOn(uniqueKey())
      await backend.waitForTurn?.(warm, terms(TTL_MS), new AbortController().signal)
      await backend.release(warm)
      for (const claim of [left, kept]) await backend.tryAcquire(claim, terms(TTL_MS))
      const before = await placeOf(kept)
      refuse(left, code)
      await expect(ENDINGS[name]?.(backend, left)).rejects.toMatchObject({ code })
      await until('its key is gone', async () => {
        expect(await backend.renew([{ ...kept, ttlMs: TTL_MS }])).toMatchObject([{ granted: true }])
        return (await placeOf(left)) === undefined
      })
      expect((await placeOf(kept))?.lease).toBe(before?.lease)
      expect(await backend.release(kept)).toBe(true)
    },
  )

  it('a hold that nobody renews leaves a key that is removed soon after, and others stay where they are', async () => {
    const backend = etcd.open()
    const [silent, kept] = [claimOn(uniqueKey()), claimOn(uniqueKey())]
    for (const claim of [silent, kept]) await backend.tryAcquire(claim, terms(TTL_MS))
    const before = await placeOf(kept)
    const seen = refuse(silent, code)
    await until('its key is gone', async () => {
      expect(await backend.renew([{ ...kept, ttlMs: TTL_MS }])).toMatchObject([{ granted: true }])
      return seen.refused && (await placeOf(silent)) === undefined
    })
    expect((await placeOf(kept))?.lease).toBe(before?.lease)
    expect(await backend.release(kept)).toBe(true)
  })
})

it('a hold that is taken up again after its release met no leader is not removed', async () => {
  const backend = etcd.open()
  const claim = claimOn(uniqueKey())
  const granted = await backend.tryAcquire(claim, terms(60_000))
  refuse(claim, 'NO_LEADER')
  await expect(backend.release(claim)).rejects.toMatchObject({ code: 'NO_LEADER' })
  // By its handle. Each keeps its etcd lease alive.
  for (let times = 0; times < 3; times += 1) {
    const [renewed] = await backend.renew([{ ...claim, ttlMs: 60_000 }])
    expect(renewed).toMatchObject({ fencingToken: granted.granted && granted.fencingToken })
  }
  expect(await placeOf(claim)).toBeDefined()
  expect(await backend.release(claim)).toBe(true)
})

it('a place that is taken back late and meets no leader is removed soon after, although others wait by its etcd lease', async () => {
  const backend = etcd.open()
  const holder = etcd.open()
  const held = [claimOn(uniqueKey()), claimOn(uniqueKey())] as const
  for (const claim of held) await holder.tryAcquire(claim, terms(60_000))
  const [waiter, other] = [claimOn(held[0].key), claimOn(held[1].key)]
  const [abort, otherAbort] = [new AbortController(), new AbortController()]
  const otherTurn = backend.waitForTurn?.(other, terms(), otherAbort.signal)
  await until('another waits', async () => (await placeOf(other)) !== undefined)
  const turn = backend.waitForTurn?.(waiter, terms(), abort.signal)
  await until('it waits', async () => (await placeOf(waiter)) !== undefined)
  const seen = refuse(waiter, 'NO_LEADER')
  abort.abort()
  await turn
  await expect(backend.release(waiter)).rejects.toMatchObject({ code: 'NO_LEADER' })
  expect(seen.refused).toBe(true)
  const before = await placeOf(other)
  await until('its place is gone', async () => (await placeOf(waiter)) === undefined)
  expect(await placeOf(other)).toEqual(before)
  otherAbort.abort()
  await otherTurn
  await backend.release(other)
  for (const claim of held) await holder.release(claim)
})
