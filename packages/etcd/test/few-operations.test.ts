import { afterAll, expect, it } from 'vitest'
import { claimOn, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd({ 'max-txn-ops': 20 })
afterAll(() => etcd.stop())

it('claims are taken, renewed and released together by an etcd that takes few operations in a transaction', async () => {
  const [backend, other] = [etcd.open(), etcd.open()]
  const ttlMs = 60_000
  const claims = Array.from({ length: 100 }, () => ({ ...claimOn(uniqueKey()), ttlMs }))
  const granted = await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms(ttlMs))))
  expect(granted.filter((answer) => answer.granted)).toHaveLength(100)
  const places = await etcd.places()
  expect(await backend.renew(claims)).toEqual(claims.map(() => expect.objectContaining({ granted: true })))
  // The etcd lease was not given up for it.
  expect((await etcd.places()).map(({ lease }) => lease)).toEqual(places.map(({ lease }) => lease))
  // By a process that has to read who holds the locks.
  expect(await other.renew(claims)).toEqual(claims.map(() => expect.objectContaining({ granted: true })))
  expect(await backend.releaseAll?.(claims.slice(0, 50))).toEqual(claims.slice(0, 50).map(() => true))
  expect(await other.releaseAll?.(claims.slice(50))).toEqual(claims.slice(50).map(() => true))
  expect(await etcd.keys()).toEqual([])
})

it('too many keys for one step are refused, and say so', async () => {
  const claims = Array.from({ length: 21 }, () => claimOn(uniqueKey()))
  await expect(etcd.open().tryAcquireAll?.(claims, terms())).rejects.toMatchObject({ code: 'TOO_MANY_OPERATIONS' })
})
