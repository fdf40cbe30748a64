import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { candidateOn, claimOn, terms } from './claims.ts'
import { scriptsRun, startStanding } from './standing.ts'

const standing = await startStanding()
const { ask, open } = standing
afterAll(standing.stop)

const never = new AbortController().signal
const lineLength = async (key: string) => Number(await ask('llen', keyNames('leasehold:', key).queue))

describe('the line', () => {
  it('is not overtaken by who only tries, also while the key is free', async () => {
    const [holder, waiter, newcomer] = [open(), open(), open()]
    const claim = claimOn('fair')
    await holder.tryAcquire(claim, terms())
    const turn = waiter.waitForTurn?.(claimOn('fair'), terms(), never)
    await until('it stands in line', async () => (await lineLength('fair')) === 1)
    // The hold is over, and nobody has released it: who asks first passes the key on.
    await ask('del', keyNames('leasehold:', 'fair').hold)
    expect(await newcomer.tryAcquire(claimOn('fair'), terms())).toMatchObject({ granted: false })
    expect(await turn).toMatchObject({ granted: true })
  })

  it('passes over a waiter whose process cannot be told', async () => {
    const [holder, dead, living] = [open(), open(), open()]
    const claim = claimOn('dead')
    await holder.tryAcquire(claim, terms())
    void dead.waitForTurn?.(claimOn('dead'), terms(), never).catch(() => {})
    await until('it stands in line', async () => (await lineLength('dead')) === 1)
    const turn = living.waitForTurn?.(claimOn('dead'), terms(), never)
    await until('both stand in line', async () => (await lineLength('dead')) === 2)
    await dead.close?.()
    await until('its connection is gone', async () => (await ask('pubsub', 'channels')).split('\n').length === 2)
    await holder.release(claim)
    expect(await turn).toMatchObject({ granted: true })
  })

  it('is joined by the trip of a release that names the next claim', async () => {
    const backend = open()
    await backend.waitForTurn?.(claimOn('any'), terms(), never)
    const [held, next] = [claimOn('trip'), candidateOn('trip')]
    await backend.tryAcquire(held, terms())
    await ask('config', 'resetstat')
    const released = backend.release(held, next)
    const turn = backend.waitForTurn?.(next, next, never)
    expect(await released).toBe(true)
    expect(await turn).toMatchObject({ granted: true, ttlMs: next.ttlMs })
    expect(await scriptsRun(standing)).toBe(1)
  })

  it('gives a turn that is to be confirmed, and the first renewal confirms it', async () => {
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named('window').acquire()
    const waiting = other.named('window').acquire({ ttlMs: 60_000, autoRenew: false })
    await until('it stands in line', async () => (await lineLength('window')) === 1)
    await lease.release()
    const next = await waiting
    expect(next.remainingMs).toBeLessThan(2000)
    await until('it is confirmed', () => next.remainingMs > 30_000)
    expect(Number(await ask('pttl', keyNames('leasehold:', 'window').hold))).toBeGreaterThan(30_000)
    await Promise.all([one.close(), other.close()])
  })

  it('forgets who aborts', async () => {
    const [holder, waiter] = [open(), open()]
    await holder.tryAcquire(claimOn('aborted'), terms())
    const abort = new AbortController()
    const claim = claimOn('aborted')
    const turn = waiter.waitForTurn?.(claim, terms(), abort.signal)
    await until('it stands in line', async () => (await lineLength('aborted')) === 1)
    abort.abort()
    expect(await turn).toBeUndefined()
    expect(await waiter.release(claim)).toBe(false)
    expect(await lineLength('aborted')).toBe(0)
  })
})
