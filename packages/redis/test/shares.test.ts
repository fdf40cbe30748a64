import { setTimeout as pause } from 'node:timers/promises'
import { createLocks, type Grant, type LockBackend, type Share, semaphore, shared } from '@leasehold/core'
import { Lateness, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, permits, SHARED, shareOf, terms } from './claims.ts'
import { COMMANDS, COMMANDS_FOR_SHARES, PASSWORD, REFUSED_IN_A_SCRIPT, RIGHTS } from './permissions.ts'
import { scriptsRun, startStanding } from './standing.ts'

const standing = await startStanding()
const { ask, open } = standing
afterAll(standing.stop)

const never = new AbortController().signal
const namesOf = (key: string) => keyNames('leasehold:', key)
const lineLength = async (key: string) => Number(await ask('llen', namesOf(key).queue))

async function taken(backend: LockBackend, key: string, share: Share, ttlMs?: number) {
  const claim = shareOf(key, share)
  const grant = (await backend.tryAcquire(claim, terms(ttlMs))) as Grant
  expect(grant).toMatchObject({ granted: true })
  return { claim, grant }
}

/** Stands in line behind those who do already. */
async function inLine(backend: LockBackend, key: string, share?: Share, signal = never) {
  const before = await lineLength(key)
  const claim = share ? shareOf(key, share) : claimOn(key)
  const turn = backend.waitForTurn?.(claim, terms(), signal) as Promise<Grant | undefined>
  await until('it stands in line', async () => (await lineLength(key)) === before + 1)
  return { claim, turn }
}

describe('a reader that has died', () => {
  it('keeps a writer out for no longer than its TTL, although others renewed and have left since', async () => {
    const [backend, other] = [open(), open()]
    const lateness = Lateness.watch()
    const dead = await taken(backend, 'dead', SHARED, 400)
    const diedAt = performance.now()
    const living = await taken(other, 'dead', SHARED, 60_000)
    await other.renew([{ ...living.claim, ttlMs: 90_000 }])
    expect(await other.release(living.claim)).toBe(true)
    const refused = await other.tryAcquire(claimOn('dead'), terms())
    expect(refused.granted ? 0 : refused.remainingMs).toBeLessThanOrEqual(400)
    await other.waitForTurn?.(claimOn('dead'), terms(), never)
    expect(performance.now() - diedAt).toBeLessThanOrEqual(400 + 500 + lateness.allowanceMs())
    expect(await backend.renew([{ ...dead.claim, ttlMs: 1000 }])).toEqual(['gone'])
    expect(await backend.release(dead.claim)).toBe(false)
  })

  it('counts for nobody: neither for who takes permits, nor for who looks', async () => {
    const backend = open()
    await taken(backend, 'slots', permits(3, 2), 200)
    const living = await taken(backend, 'slots', permits(3))
    await pause(210)
    expect(await backend.inspect?.('slots')).toMatchObject([{ fencingToken: living.grant.fencingToken, slots: [2] }])
    expect((await taken(backend, 'slots', permits(3, 2))).grant.slots).toEqual([0, 1])
  })

  it('leaves nothing at the server when it was the last', async () => {
    const backend = open()
    await taken(backend, 'last', SHARED, 100)
    await until('it is gone', async () => (await ask('exists', namesOf('last').hold)) === '0')
  })
})

describe('kinds in line', () => {
  it('have their turns in groups, in their order', async () => {
    const [holder, waiter] = [open(), open()]
    const key = 'groups'
    const held = claimOn(key)
    await holder.tryAcquire(held, terms())
    const line = [SHARED, SHARED, permits(2), permits(2), undefined, SHARED]
    const waiting: Awaited<ReturnType<typeof inLine>>[] = []
    for (const share of line) waiting.push(await inLine(waiter, key, share))
    const shown = async () => (await holder.inspect?.(key))?.map(({ share }) => share?.kind)
    const has = async (index: number) => expect(await waiting[index]?.turn).toMatchObject({ granted: true })
    const leave = async (index: number) => expect(await waiter.release(waiting[index]?.claim ?? held)).toBe(true)
    await holder.release(held)
    expect(await shown()).toEqual(['shared', 'shared'])
    await Promise.all([has(0), has(1)])
    await leave(0)
    expect(await shown()).toEqual(['shared'])
    await leave(1)
    expect(await shown()).toEqual(['permits', 'permits'])
    await Promise.all([has(2), has(3)])
    await leave(3)
    await leave(2)
    expect(await shown()).toEqual([undefined])
    await has(4)
    await leave(4)
    expect(await shown()).toEqual(['shared'])
    await has(5)
    await leave(5)
    expect(await ask('exists', ...Object.values(namesOf(key)).filter((name) => name !== namesOf(key).token))).toBe('0')
  })

  it('are let in by a release of many, by who leaves the line, and by the next of a release', async () => {
    const [holder, waiter] = [open(), open()]
    const key = 'let in'
    const held = claimOn(key)
    await holder.tryAcquire(held, terms())
    const first = await inLine(waiter, key, SHARED)
    expect(await holder.releaseAll?.([held, claimOn('free')])).toEqual([true, false])
    expect(await first.turn).toMatchObject({ granted: true })
    const stop = new AbortController()
    const writer = await inLine(holder, key, undefined, stop.signal)
    const second = await inLine(waiter, key, SHARED)
    stop.abort()
    expect(await writer.turn).toBeUndefined()
    expect(await holder.releaseAll?.([writer.claim])).toEqual([false])
    expect(await second.turn).toMatchObject({ granted: true })
    for (const { claim } of [first, second]) expect(await waiter.release(claim)).toBe(true)
    const again = claimOn(key)
    await holder.tryAcquire(again, terms())
    const third = await inLine(waiter, key, SHARED)
    const next = { ...claimOn(key), ...terms() }
    await holder.waitForTurn?.(claimOn('heard'), terms(), never)
    expect(await holder.release(again, next)).toBe(true)
    const turn = holder.waitForTurn?.(next, next, never)
    expect(await third.turn).toMatchObject({ granted: true })
    expect(await waiter.release(third.claim)).toBe(true)
    expect(await turn).toMatchObject({ granted: true })
  })

  it('wait for one that is dead for no longer than it is told', async () => {
    const [holder, dead, waiter] = [open(), open(), open()]
    const reading = await taken(holder, 'dead in line', SHARED)
    const writer = await inLine(dead, 'dead in line')
    const reader = await inLine(waiter, 'dead in line', SHARED)
    await dead.close?.()
    void writer.turn.catch(() => {})
    expect(await reader.turn).toMatchObject({ granted: true })
    expect(await holder.release(reading.claim)).toBe(true)
  })

  it('have a turn that is to be confirmed, and the next attempt confirms it', async () => {
    const [holder, waiter] = [open(), open()]
    const held = claimOn('window')
    await holder.tryAcquire(held, terms())
    const { claim, turn } = await inLine(waiter, 'window', permits(4, 2))
    await holder.release(held)
    const grant = await turn
    expect(grant).toMatchObject({ ttlMs: 1500, slots: [0, 1] })
    expect(grant?.reserved).toBe(9)
    const confirmed = await waiter.tryAcquire(claim, terms())
    expect(confirmed).toMatchObject({ ttlMs: 60_000, fencingToken: grant?.fencingToken, slots: [0, 1] })
    // Only once: who has it is told what is left.
    await pause(5)
    const told = await waiter.tryAcquire(claim, terms(90_000))
    expect(told.granted && told.ttlMs).toBeLessThan(60_000)
  })
})

describe('many permits', () => {
  it('are as many as there may be, taken by one or by many, in lowest slots', async () => {
    const backend = open()
    const all = Array.from({ length: 10_000 }, (_, slot) => slot)
    const whole = await taken(backend, 'many', permits(10_000, 10_000))
    expect(whole.grant.slots).toEqual(all)
    expect((await backend.renew([{ ...whole.claim, ttlMs: 60_000 }]))[0]).toMatchObject({ slots: all })
    expect(await backend.release(whole.claim)).toBe(true)
    const holds = await Promise.all(Array.from({ length: 500 }, () => taken(backend, 'many', permits(10_000))))
    expect(holds.map(({ grant }) => grant.slots?.[0]).toSorted((a = 0, b = 0) => a - b)).toEqual(all.slice(0, 500))
    const even = holds.filter(({ grant }) => (grant.slots?.[0] ?? 0) % 2 === 0)
    expect(await backend.releaseAll?.(even.map(({ claim }) => claim))).toEqual(even.map(() => true))
    expect((await taken(backend, 'many', permits(10_000, 252))).grant.slots).toEqual([
      ...all.slice(0, 500).filter((slot) => slot % 2 === 0),
      500,
      501,
    ])
  })
})

describe('a server out of memory', () => {
  it('still renews and releases shares, and grants what waited when there is room', async () => {
    const [backend, waiter] = [open(), open()]
    const key = 'full'
    const [leaving, staying] = [await taken(backend, key, permits(2)), await taken(backend, key, permits(2))]
    const { turn } = await inLine(waiter, key, permits(2))
    await ask('config', 'set', 'maxmemory', '1')
    const refused = await backend.tryAcquire(shareOf('another', SHARED), terms()).catch((error: Error) => error.message)
    const renewals = await backend.renew([
      { ...staying.claim, ttlMs: 90_000 },
      { ...leaving.claim, ttlMs: 90_000 },
    ])
    const [released, again] = [await backend.release(leaving.claim), await backend.release(leaving.claim)]
    const shown = await backend.inspect?.(key)
    await ask('config', 'set', 'maxmemory', '0')
    expect(refused).toContain('OOM')
    expect(renewals).toMatchObject([
      { ttlMs: 90_000, slots: [1] },
      { ttlMs: 90_000, slots: [0] },
    ])
    expect([released, again]).toEqual([true, false])
    expect(shown?.find(({ fencingToken }) => fencingToken === staying.grant.fencingToken)).toBeDefined()
    expect(await turn).toMatchObject({ slots: [0] })
  })
})

describe('a user of few permissions', () => {
  it('can do everything with those that are documented', async () => {
    await ask('acl', 'setuser', 'limited', 'on', `>${PASSWORD}`, ...RIGHTS, ...COMMANDS, ...COMMANDS_FOR_SHARES)
    const limited = { username: 'limited', password: PASSWORD }
    const [one, other] = [createLocks(open(limited)), createLocks(open(limited), { pollMs: 60_000 })]
    const leases = [await shared(one, 'limited').acquire(), await shared(other, 'limited').acquire()]
    const writer = other.named('limited').acquire()
    await until('it stands in line', async () => (await lineLength('limited')) === 1)
    const reader = shared(one, 'limited').acquire()
    expect(await other.named('limited').inspect()).toHaveLength(2)
    for (const lease of leases) {
      await lease.renew()
      await lease.release()
    }
    await (await writer).release()
    await (await reader).release()
    const permit = await semaphore(one, 'limited too', 2).acquire({ ttlMs: 100, autoRenew: false })
    await pause(110)
    expect((await semaphore(other, 'limited too', 2).acquire()).slots).toEqual([0])
    expect(await permit.release()).not.toBe('released')
    await Promise.all([one.close(), other.close()])
  })

  it.each(['pexpire', 'pttl'])('leaves no hold that never ends: without %s', async (command) => {
    await ask(
      'acl',
      'setuser',
      command,
      'on',
      `>${PASSWORD}`,
      ...RIGHTS,
      ...COMMANDS,
      ...COMMANDS_FOR_SHARES,
      `-${command}`,
    )
    const backend = open({ username: command, password: PASSWORD })
    const key = `without ${command}`
    await expect(backend.tryAcquire(shareOf(key, permits(2)), terms())).rejects.toThrow(REFUSED_IN_A_SCRIPT)
    expect(await ask('exists', namesOf(key).hold)).toBe('0')
    await taken(open(), key, permits(2))
    await expect(backend.tryAcquire(shareOf(key, permits(2)), terms())).rejects.toThrow(REFUSED_IN_A_SCRIPT)
    expect(await open().inspect?.(key)).toHaveLength(1)
  })
})

describe('who wants the whole key', () => {
  it('asks with one script, and one more in line, whether or not others share it', async () => {
    const backend = open()
    await taken(backend, 'asked', SHARED)
    await ask('config', 'resetstat')
    expect(await backend.tryAcquire(claimOn('asked'), terms())).toMatchObject({ granted: false })
    expect(await scriptsRun(standing)).toBe(1)
  })

  it('does not get one of several keys that others share', async () => {
    const backend = open()
    const reader = await taken(backend, 'shared of three', SHARED, 300)
    const claims = ['one of three', 'shared of three', 'two of three'].map(claimOn)
    const refused = await backend.tryAcquireAll?.(claims, terms())
    expect(refused).toMatchObject({ granted: false })
    expect(await ask('exists', namesOf('one of three').hold)).toBe('0')
    expect(await backend.release(reader.claim)).toBe(true)
    expect(await backend.tryAcquireAll?.(claims, terms())).toMatchObject(claims.map(() => ({ granted: true })))
  })
})
