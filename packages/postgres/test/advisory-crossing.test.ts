import type { Claim } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { gate, openAdvisory, openAltered, standing } from './advisory.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const TERMS = terms(60_000)

describe('a request for a place that a wait of another claim has brought meanwhile', () => {
  it('is granted when that one is released, and can be released itself', async () => {
    const [holder, third] = [openAdvisory(url, 'holder', { schema }), openAdvisory(url, 'third', { schema })]
    const { opened, open } = gate()
    const backend = openAltered(url, schema, 'held up', async (statement, send) => {
      if (statement.startsWith('lock')) await opened
      return send()
    })
    const claim = () => claimOn('crossing')
    const [first, waiter, asker, last] = [claim(), claim(), claim(), claim()]
    await holder.backend.tryAcquire(first, TERMS)
    const turn = backend.waitForTurn?.(waiter, TERMS, new AbortController().signal)
    await until('it stands in line', async () => (await standing(pool, 'held up')) === 1)
    const asking = backend.tryAcquire(asker, TERMS)
    await holder.backend.release(first)
    await turn
    expect(await backend.release(waiter)).toBe(true)
    open()
    expect((await asking).granted).toBe(true)
    expect((await third.backend.tryAcquire(last, TERMS)).granted).toBe(false)
    expect(await backend.release(asker)).toBe(true)
    expect((await third.backend.tryAcquire(last, TERMS)).granted).toBe(true)
    await backend.close?.()
    await Promise.all([holder.locks.close(), third.locks.close()])
  })
})

describe('a claim that is released', () => {
  it('while it asks and stands in line leaves the line, too', async () => {
    const [holder, waiter] = [
      openAdvisory(url, 'held on to', { schema }),
      openAdvisory(url, 'asks and waits', { schema }),
    ]
    const [first, claim] = [claimOn('asked twice'), claimOn('asked twice')]
    await holder.backend.tryAcquire(first, TERMS)
    const turn = waiter.backend.waitForTurn?.(claim, TERMS, new AbortController().signal)
    await until('it stands in line', async () => (await standing(pool, 'asks and waits')) === 1)
    const asking = waiter.backend.tryAcquire(claim, TERMS)
    expect(await waiter.backend.release(claim)).toBe(false)
    expect(await standing(pool, 'asks and waits')).toBe(0)
    expect(await asking).toEqual({ granted: false })
    expect(await turn).toBeUndefined()
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })

  it('as its turn comes ends no other wait in its stead', async () => {
    const holder = openAdvisory(url, 'passes on', { schema })
    const { opened, open } = gate()
    let interruptions = 0
    const backend = openAltered(url, schema, 'waits twice', async (statement, send) => {
      if (statement === 'interrupt') {
        interruptions += 1
        await opened
      }
      return send()
    })
    const [first, second] = [claimOn('turn'), claimOn('next turn')]
    const [one, other] = [claimOn('turn'), claimOn('next turn')]
    for (const claim of [first, second]) await holder.backend.tryAcquire(claim, TERMS)
    const wait = (claim: Claim) => backend.waitForTurn?.(claim, TERMS, new AbortController().signal)
    const turn = wait(one)
    await until('it stands in line', async () => (await standing(pool, 'waits twice')) === 1)
    const released = backend.release(one)
    await until('it is to be interrupted', () => interruptions === 1)
    await holder.backend.release(first)
    expect(await released).toBe(true)
    await turn
    let isOver = false
    const next = wait(other)?.then(() => {
      isOver = true
    })
    await until('it stands in line', async () => (await standing(pool, 'waits twice')) === 1)
    open()
    // The interruption has been carried out when the server has answered what was asked for after it.
    await backend.tryAcquire(claimOn('afterwards'), TERMS)
    await backend.tryAcquire(other, TERMS)
    expect(isOver).toBe(false)
    await until('it still stands in line', async () => (await standing(pool, 'waits twice')) === 1)
    await backend.release(other)
    await next
    await Promise.all([holder.locks.close(), backend.close?.()])
  })

  it('while its request fails, and then its release, does not free the place for which another one asked meanwhile', async () => {
    const third = openAdvisory(url, 'third at it', { schema })
    const refusal = Object.assign(new Error('out of shared memory'), { severity: 'ERROR' })
    const [lockFails, unlockFails] = [gate(), gate()]
    let failures = 0
    const backend = openAltered(url, schema, 'failing', async (statement, send) => {
      const fails = failures < 2 && ['lock_and_time', 'unlock'].includes(statement)
      if (!fails) return send()
      failures += 1
      // The lock is taken; the rest of the statement fails.
      if (statement === 'lock_and_time') await send()
      await (statement === 'unlock' ? unlockFails : lockFails).opened
      throw refusal
    })
    const [one, other] = [claimOn('failing'), claimOn('failing')]
    const asking = backend.tryAcquire(one, TERMS)
    const released = backend.release(one)
    lockFails.open()
    await expect(asking).rejects.toThrow('shared memory')
    const granted = backend.tryAcquire(other, TERMS)
    // Time to send what it would send.
    await backend.tryAcquire(claimOn('meanwhile'), TERMS)
    unlockFails.open()
    await released
    expect(await granted).toMatchObject({ granted: true })
    await backend.tryAcquire(claimOn('afterwards'), TERMS)
    expect(await third.backend.tryAcquire(claimOn('failing'), TERMS)).toEqual({ granted: false })
    await Promise.all([third.locks.close(), backend.close?.()])
  })
})
