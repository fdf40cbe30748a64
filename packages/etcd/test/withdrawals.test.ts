import { type Claim, createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { describe, expect, it } from 'vitest'
import type { Transaction } from '../src/connection.ts'
import { EtcdError } from '../src/errors.ts'
import type { EtcdBackend } from '../src/index.ts'
import {
  each,
  fate,
  gate,
  holdUp,
  isAbout,
  isAttempt,
  isEntry,
  isRemoval,
  startAlteredEtcd,
  waitFor,
} from './altered.ts'
import { claimOn, PATIENT, terms, uniqueKey } from './server.ts'

const etcd = await startAlteredEtcd()

const some = (transaction: Transaction, is: (one: Transaction) => boolean) => each(transaction).some(is)

/** On etcd leases that there are, both that of attempts and that of waits, and deletions are heard. */
async function warm(backend: EtcdBackend): Promise<void> {
  for (const ttlMs of [60_000, 1_000]) {
    const claim = claimOn(uniqueKey())
    await backend.tryAcquire(claim, terms(ttlMs))
    await backend.release(claim)
  }
  const claim = claimOn(uniqueKey())
  await backend.waitForTurn?.(claim, terms(), new AbortController().signal)
  await backend.release(claim)
}

describe('a place in line that is taken after the wait for it has ended', () => {
  /** Its wait is under way and its place is asked for, but not taken yet. */
  async function entering(backend: EtcdBackend, claim: Claim) {
    const entry = holdUp((transaction) => isAbout(claim.holder, transaction) && some(transaction, isEntry))
    const { abort, turn } = waitFor(backend, claim)
    await entry.came
    return { abort, turn, enter: entry.letGo }
  }

  /** An attempt was granted the lock meanwhile, which ended the wait. */
  async function grantedMeanwhile() {
    const backend = etcd.open()
    await warm(backend)
    const claim = claimOn(uniqueKey())
    const { abort, turn, enter } = await entering(backend, claim)
    expect(await backend.tryAcquire(claim, terms())).toMatchObject({ granted: true })
    abort.abort()
    await turn
    return { backend, claim, enter }
  }

  it('is not taken back from a release of the claim, which an attempt was granted meanwhile', async () => {
    const { backend, claim, enter } = await grantedMeanwhile()
    const removal = holdUp((transaction) => isAbout(claim.holder, transaction) && some(transaction, isRemoval))
    const releasing = backend.release(claim)
    await removal.came
    enter()
    // Whatever the end of the wait does, it has had its chance.
    await backend.tryAcquire(claimOn(uniqueKey()), terms())
    await backend.inspect?.(claim.key)
    removal.letGo()
    expect(await releasing).toBe(true)
    expect((await etcd.keys()).filter((key) => key.includes(claim.holder))).toEqual([])
  })

  it('is taken back where the claim was granted and released before', async () => {
    const { backend, claim, enter } = await grantedMeanwhile()
    expect(await backend.release(claim)).toBe(true)
    enter()
    await until('it is gone', async () => !(await etcd.keys()).some((key) => key.includes(claim.holder)))
    expect(await etcd.open().tryAcquire(claimOn(claim.key), terms())).toMatchObject({ granted: true })
  })

  it('is taken back where the wait was given up as it was about to look again', async () => {
    const backend = etcd.open()
    await warm(backend)
    const holder = etcd.open()
    const held = claimOn(uniqueKey())
    await holder.tryAcquire(held, terms())
    const claim = claimOn(held.key)
    const { abort, turn, enter } = await entering(backend, claim)
    // Deletions are not heard any more.
    for (const end of fate.endsOfWatches) end(new EtcdError('UNAVAILABLE', 'the watch broke'))
    await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    expect(await backend.release(claim)).toBe(false)
    enter()
    await turn
    await until('it is gone', async () => !(await etcd.keys()).some((key) => key.includes(claim.holder)))
    await holder.release(held)
  })
})

it('work that ended in time is not reported as lost, although its first attempt got no answer and it began to wait', async () => {
  const backend = etcd.open()
  const locks = createLocks(backend, PATIENT)
  await warm(backend)
  const key = uniqueKey()
  const [granted, releasing] = [gate(), gate()]
  let attempts = 0
  let removals = 0
  const attempted: typeof fate.txn = async (_, send) => {
    attempts += 1
    if (attempts === 1) throw new EtcdError('UNAVAILABLE', 'the connection was cut')
    const answer = await send()
    granted.open()
    return answer
  }
  const entered: typeof fate.txn = async (_, send) => {
    await granted.opened
    const answer = await send()
    // It comes as the lease is being released.
    await releasing.opened
    return answer
  }
  const removed: typeof fate.txn = async (_, send) => {
    removals += 1
    releasing.open()
    if (removals === 1) await locks.named(uniqueKey()).run(() => {})
    return send()
  }
  fate.txn = (transaction, send) => {
    if (!isAbout(key, transaction)) return send()
    if (some(transaction, isAttempt)) return attempted(transaction, send)
    if (some(transaction, isEntry)) return entered(transaction, send)
    return some(transaction, isRemoval) ? removed(transaction, send) : send()
  }
  expect(await locks.named(key).run({ waitMs: 30_000 }, () => 'done')).toBe('done')
  await locks.close()
})
