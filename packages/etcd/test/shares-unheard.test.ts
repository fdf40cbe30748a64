import type { Claim, Share } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { expect, it } from 'vitest'
import type { Transaction } from '../src/connection.ts'
import { asUsual, fate, gate, isAbout, startAlteredEtcd, unheard } from './altered.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const etcd = await startAlteredEtcd()

const permits = (of: number, take = 1): Share => ({ kind: 'permits', take, of })
const part = (key: string, share: Share): Claim => ({ ...claimOn(key), share })
const unavailable = { code: 'UNAVAILABLE' }

const writes = ({ success }: Transaction) => success.some((operation) => 'request_put' in operation)

/** The next write to the line is carried out, and not answered. */
function loseAnswer(key: string): void {
  fate.txn = async (transaction, send) => {
    if (!writes(transaction) || !isAbout(key, transaction)) return send()
    fate.txn = asUsual
    return unheard(send)
  }
}

it.each([{ kind: 'shared' } as const, permits(3, 2)])(
  'a claim for %j that was granted unheard finds its own grant',
  async (share) => {
    const backend = etcd.open()
    const claim = part(uniqueKey(), share)
    loseAnswer(claim.key)
    await expect(backend.tryAcquire(claim, terms())).rejects.toMatchObject(unavailable)
    const [place] = await etcd.places()
    const granted = { granted: true, ...(share.kind === 'permits' && { slots: [0, 1] }) }
    const again = await backend.tryAcquire(claim, terms())
    expect(again).toMatchObject(granted)
    const [then] = await etcd.places()
    // Its place may have ended with the etcd lease that was given up; never are there two.
    expect(BigInt(then?.create_revision ?? 0)).toBeGreaterThanOrEqual(BigInt(place?.create_revision ?? 0))
    expect(again.granted && again.fencingToken).toBe(BigInt(then?.create_revision ?? 0))
    expect(await backend.renew([{ ...claim, ttlMs: 60_000 }])).toMatchObject([granted])
    expect(await backend.release(claim)).toBe(true)
    expect(await etcd.keys()).toEqual([])
  },
)

it('permits that a waiter was granted unheard are its own, or free again', async () => {
  const backend = etcd.open()
  const key = uniqueKey()
  const held = part(key, permits(1))
  await backend.tryAcquire(held, terms())
  const claim = part(key, permits(1))
  const turn = backend.waitForTurn?.(claim, terms(), new AbortController().signal)
  await until('it stands in line', async () => (await etcd.keys()).length === 2)
  loseAnswer(key)
  const failed = expect(turn).rejects.toMatchObject(unavailable)
  await etcd.raw.delete().key((await etcd.keys())[0] as string)
  await failed
  expect(await backend.tryAcquire(claim, terms())).toMatchObject({ granted: true, slots: [0] })
  expect(await etcd.open().tryAcquire(part(key, permits(1)), terms())).toEqual({ granted: false })
  expect(await backend.release(claim)).toBe(true)
  expect(await etcd.keys()).toEqual([])
})

it('a claim that comes to the line as another one chooses its slots makes it choose again', async () => {
  const [one, other] = [etcd.open(), etcd.open()]
  const key = uniqueKey()
  await one.tryAcquire(part(key, permits(4)), terms())
  let crossed = 0
  fate.txn = async (transaction, send) => {
    const [condition] = transaction.compare
    // It has looked, and nobody stood in its way.
    if (condition?.result !== 'Less' || crossed > 0) return send()
    crossed += 1
    expect(await other.tryAcquire(part(key, permits(4)), terms())).toMatchObject({ slots: [1] })
    return send()
  }
  expect(await one.tryAcquire(part(key, permits(4, 2)), terms())).toMatchObject({ slots: [2, 3] })
  expect(crossed).toBe(1)
})

it('attempts of one process at permits of one key are sent one after another: only one of them could get further', async () => {
  const backend = etcd.open()
  const key = uniqueKey()
  // Has an etcd lease.
  await backend.tryAcquire(part(uniqueKey(), permits(1)), terms())
  const { opened, open } = gate()
  let sent = 0
  fate.txn = async (transaction, send) => {
    if (!isAbout(key, transaction)) return send()
    sent += 1
    await opened
    return send()
  }
  const attempts = [1, 2, 3].map(() => backend.tryAcquire(part(key, permits(3)), terms()))
  await until('the first is sent', () => sent > 0)
  await new Promise((resolve) => setImmediate(resolve))
  expect(sent).toBe(1)
  open()
  expect(await Promise.all(attempts)).toMatchObject([{ slots: [0] }, { slots: [1] }, { slots: [2] }])
  expect(sent).toBe(5)
})
