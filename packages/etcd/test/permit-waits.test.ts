import type { Claim, Share } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { expect, it } from 'vitest'
import type { Transaction } from '../src/connection.ts'
import { EtcdError } from '../src/errors.ts'
import type { EtcdBackend } from '../src/index.ts'
import { asUsual, each, fate, gate, holdUp, isAbout, startAlteredEtcd, unheard, waitFor } from './altered.ts'
import { claimOn, terms, uniqueKey } from './server.ts'

const etcd = await startAlteredEtcd()
const { placeOf } = etcd

const one: Share = { kind: 'permits', take: 1, of: 1 }
const part = (key: string): Claim => ({ ...claimOn(key), share: one })

/** Of slots, in a place that stands in line already. */
const isChoice = (transaction: Transaction): boolean =>
  each(transaction).some(
    ({ compare: [first], success }) =>
      first?.target === 'Mod' &&
      success.some((operation) => 'request_put' in operation && !operation.request_put.ignore_value),
  )

/** It waits for the one permit, which has just been given back: its choice is made, and not sent yet. */
async function choosing(backend: EtcdBackend) {
  const holder = etcd.open()
  const held = part(uniqueKey())
  await holder.tryAcquire(held, terms())
  const claim = part(held.key)
  const choice = holdUp((transaction) => isAbout(claim.holder, transaction) && isChoice(transaction))
  const { turn, abort } = waitFor(backend, claim)
  await until('it stands in line', async () => (await placeOf(claim)) !== undefined)
  await holder.release(held)
  await choice.came
  return { claim, turn, abort, send: choice.letGo }
}

it('who gives up as it is about to get its permits gets none later', async () => {
  const backend = etcd.open()
  const { claim, turn, abort, send } = await choosing(backend)
  abort.abort()
  await turn
  expect(await backend.release(claim)).toBe(false)
  send()
  // Whatever it would do next, it has had its chance.
  for (let times = 0; times < 5; times += 1) await backend.inspect?.(claim.key)
  expect(await placeOf(claim)).toBeUndefined()
  expect(await etcd.open().tryAcquire(part(claim.key), terms())).toMatchObject({ granted: true })
})

it('permits stay with whoever was granted them, although its wait goes on by an etcd lease that is in doubt', async () => {
  const backend = etcd.open()
  const { claim, turn, send } = await choosing(backend)
  const { txn } = fate
  // The etcd lease on which the wait is about to write.
  const other = claimOn(uniqueKey())
  fate.txn = (transaction, on) => (isAbout(other.key, transaction) ? unheard(on) : txn(transaction, on))
  await expect(backend.tryAcquire(other, terms())).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  // Its wait is told to look again, and an attempt is made, which is granted the permit. The answer is on its way.
  for (const end of fate.endsOfWatches) end(new EtcdError('UNAVAILABLE', 'the watch broke'))
  const [granted, answered] = [gate(), gate()]
  fate.txn = async (transaction, on) => {
    const answer = await txn(transaction, on)
    if (!isAbout(claim.holder, transaction) || !isChoice(transaction) || !answer.succeeded) return answer
    granted.open()
    await answered.opened
    return answer
  }
  const attempt = backend.tryAcquire(claim, terms())
  await granted.opened
  fate.txn = asUsual
  send()
  await turn
  // Whatever the wait would do next, it has had its chance.
  for (let times = 0; times < 5; times += 1) await backend.inspect?.(claim.key)
  answered.open()
  const grant = await attempt
  expect(grant).toMatchObject({ granted: true, slots: [0] })
  // What is in doubt is revoked as soon as nothing is known to hang on it.
  for (let times = 0; times < 5; times += 1) await backend.inspect?.(claim.key)
  expect((await placeOf(claim))?.create_revision).toBe(String(grant.granted && grant.fencingToken))
  expect(await etcd.open().tryAcquire(part(claim.key), terms())).toEqual({ granted: false })
  expect(await backend.release(claim)).toBe(true)
})
