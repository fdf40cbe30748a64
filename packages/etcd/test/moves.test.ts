import type { Claim } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { describe, expect, it } from 'vitest'
import type { Transaction } from '../src/connection.ts'
import { isMove } from '../src/transactions.ts'
import { asUsual, fate, gate, isAttempt, isEntry, startAlteredEtcd, unheard } from './altered.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const etcd = await startAlteredEtcd()

const unavailable = { code: 'UNAVAILABLE' }
describe('a hold that was moved to another etcd lease unheard', () => {
  it('is not lost with that lease, which is in doubt: it may be valid still', async () => {
    const backend = etcd.open()
    const claim = claimOn(uniqueKey())
    const grant = await backend.tryAcquire(claim, terms())
    fate.txn = (_, send) => unheard(send)
    // Puts the etcd lease in doubt on which the hold hangs.
    await expect(backend.tryAcquire(claimOn(uniqueKey()), terms())).rejects.toMatchObject(unavailable)
    fate.txn = (transaction, send) => (isMove(transaction) ? unheard(send) : send())
    await expect(backend.renew([{ ...claim, ttlMs: 60_000 }])).rejects.toMatchObject(unavailable)
    fate.txn = asUsual
    expect(await etcd.open().tryAcquire(claimOn(claim.key), terms())).toEqual({ granted: false })
    expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([{ ...grant, since: expect.anything() }])
    expect(await backend.release(claim)).toBe(true)
  })
})

const isAbout = ({ key }: Claim, { compare: [one] }: Transaction): boolean =>
  one?.key.toString().includes(encodeURIComponent(key)) === true

it('a renewal reads: a member that lags behind would answer for conditions alone', async () => {
  const backend = etcd.open()
  const claim = claimOn(uniqueKey())
  await backend.tryAcquire(claim, terms())
  const sent: Transaction[] = []
  fate.txn = (transaction, send) => {
    // The etcd lease may get its own key just now.
    if (isAbout(claim, transaction)) sent.push(transaction)
    return send()
  }
  expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
  expect(sent).toMatchObject([{ compare: [{ target: 'Lease' }], success: [{ request_range: {} }] }])
  await backend.release(claim)
})

describe('a claim that is granted its key by an attempt, as it is about to stand in line', () => {
  /** The attempt was carried out and not answered yet, and the place in line is not asked for yet. */
  async function crossing() {
    const backend = etcd.open()
    const claim = claimOn(uniqueKey())
    // On etcd leases that there are, both that of the attempt and that of the wait.
    for (const ttlMs of [60_000, 1_000]) {
      const warm = claimOn(uniqueKey())
      await backend.tryAcquire(warm, terms(ttlMs))
      await backend.release(warm)
    }
    const [entered, answered] = [gate(), gate()]
    const doubtful = claimOn(uniqueKey())
    const seen = new Set<string>()
    fate.txn = async (transaction, send) => {
      if (isAbout(doubtful, transaction)) return unheard(send)
      if (isEntry(transaction)) {
        seen.add('entry')
        await entered.opened
      }
      const answer = await send()
      if (isAttempt(transaction) && !seen.has('attempt')) {
        seen.add('attempt')
        await answered.opened
      }
      return answer
    }
    const abort = new AbortController()
    const turn = backend.waitForTurn?.(claim, terms(), abort.signal)
    await until('it is about to stand in line', () => seen.has('entry'))
    const attempt = backend.tryAcquire(claim, terms())
    await until('it is granted', () => seen.has('attempt'))
    const [place] = await etcd.places()
    /** It hangs where it hung, and is held. */
    const staysAsItWas = async () => {
      for (let times = 0; times < 5; times += 1) {
        expect(await etcd.places()).toEqual([place])
        expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([{ granted: true }])
      }
      expect(await backend.release(claim)).toBe(true)
    }
    const doubt = () => expect(backend.tryAcquire(doubtful, terms())).rejects.toMatchObject(unavailable)
    return { backend, claim, attempt, turn, abort, doubt, enter: entered.open, answer: answered.open, staysAsItWas }
  }

  it('keeps it, although the wait is given up then', async () => {
    const { attempt, turn, abort, enter, answer, staysAsItWas } = await crossing()
    answer()
    expect(await attempt).toMatchObject({ granted: true })
    abort.abort()
    enter()
    await turn
    await staysAsItWas()
  })

  it('stays on its etcd lease, which lasts as long as was asked for', async () => {
    const { attempt, turn, enter, answer, staysAsItWas } = await crossing()
    enter()
    await turn
    answer()
    expect(await attempt).toMatchObject({ granted: true })
    await staysAsItWas()
  })

  it('is granted no more than its etcd lease lasts, where the one that it asked for is in doubt', async () => {
    const { backend, claim, attempt, turn, doubt, enter, answer } = await crossing()
    await doubt()
    enter()
    await turn
    answer()
    const grant = await attempt
    const [place] = await etcd.places()
    const { grantedTTL } = await etcd.raw.leaseClient.leaseTimeToLive({ ID: place?.lease ?? '' })
    expect(grant.granted && grant.ttlMs).toBeLessThanOrEqual(Number(grantedTTL) * 1000)
    expect(await backend.release(claim)).toBe(true)
  })
})
