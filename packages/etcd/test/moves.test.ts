import { afterAll, describe, expect, it, vi } from 'vitest'
import type { EtcdConnection, Transaction } from '../src/connection.ts'
import { EtcdError } from '../src/errors.ts'
import { isMove } from '../src/transactions.ts'
import { claimOn, startTestEtcd, terms, uniqueKey } from './server.ts'

const none = () => false
/** Which transactions are carried out and not answered. */
let isUnheard: (transaction: Transaction) => boolean = none

vi.mock('../src/etcd3-connection.ts', async (original) => {
  const real = await original<typeof import('../src/etcd3-connection.ts')>()
  const connectEtcd3: typeof real.connectEtcd3 = (options, deadlineMs) => {
    const connection = real.connectEtcd3(options, deadlineMs)
    const txn: EtcdConnection['txn'] = async (transaction) => {
      const answer = await connection.txn(transaction)
      if (isUnheard(transaction)) throw new EtcdError('UNAVAILABLE', 'the connection was cut')
      return answer
    }
    return { ...connection, txn }
  }
  return { ...real, connectEtcd3 }
})

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const unavailable = { code: 'UNAVAILABLE' }

describe('a hold that was moved to another etcd lease unheard', () => {
  it('is not lost with that lease, which is in doubt: it may be valid still', async () => {
    const backend = etcd.open()
    const claim = claimOn(uniqueKey())
    const grant = await backend.tryAcquire(claim, terms())
    isUnheard = () => true
    // Puts the etcd lease in doubt on which the hold hangs.
    await expect(backend.tryAcquire(claimOn(uniqueKey()), terms())).rejects.toMatchObject(unavailable)
    isUnheard = isMove
    await expect(backend.renew([claim], 60_000)).rejects.toMatchObject(unavailable)
    isUnheard = none
    expect(await etcd.open().tryAcquire(claimOn(claim.key), terms())).toEqual({ granted: false })
    expect(await backend.renew([claim], 60_000)).toMatchObject([{ ...grant, since: expect.anything() }])
    expect(await backend.release(claim)).toBe(true)
  })
})
