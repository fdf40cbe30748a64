import { checkHistory } from '@leasehold/core/conformance'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { Places } from '../src/advisory/places.ts'
import { quotedSchema } from '../src/schema-name.ts'
import { gate, openAdvisory, openAltered, standing } from './advisory.ts'
import { granted, hasTurn, locksOf, opensIn, readerOn, waiting } from './advisory-shares.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { storm } from './storm.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000
const TERMS = terms(MINUTE_MS)
const CONTENDED = expect.objectContaining({ granted: false })
const open = opensIn(url, schema)

describe('readers of one process', () => {
  it('have one session, one lock of the server, and each a token', async () => {
    const readers = open('one session')
    const claims = [0, 1, 2, 3].map(() => readerOn('together'))
    const tokens = await Promise.all(claims.map(async (claim) => (await granted(readers, claim)).fencingToken))
    expect(new Set(tokens).size).toBe(4)
    expect(await locksOf(pool, 'one session', 'ShareLock')).toBe(1)
    expect(await readers.releaseAll?.(claims)).toEqual([true, true, true, true])
    expect(await locksOf(pool, 'one session', 'ShareLock')).toBe(0)
  })

  it('do not pass a writer who waits, though their session has the lock', async () => {
    const [readers, writer] = [open('readers here'), open('writer there')]
    const [first, second, late] = [readerOn('line'), readerOn('line'), readerOn('line')]
    for (const claim of [first, second]) await granted(readers, claim)
    const writing = claimOn('line')
    const turn = waiting(writer, writing)
    await until('the writer stands in line', async () => (await standing(pool, 'writer there')) === 1)
    expect(await readers.tryAcquire(late, TERMS)).toEqual(CONTENDED)
    expect(await readers.release(first)).toBe(true)
    expect(await readers.tryAcquire(late, TERMS)).toEqual(CONTENDED)
    await until('the writer stands in line still', async () => (await standing(pool, 'writer there')) === 1)
    expect(await readers.renew([{ ...second, ttlMs: MINUTE_MS }])).toMatchObject([{ granted: true }])
    expect(await readers.release(second)).toBe(true)
    const { fencingToken } = await hasTurn(writer, writing, turn)
    expect(await readers.tryAcquire(late, TERMS)).toEqual(CONTENDED)
    await writer.release(writing)
    expect((await granted(readers, late)).fencingToken).toBeGreaterThan(fencingToken)
  })

  it('leave nothing behind where the last of them leaves while another one asks in vain', async () => {
    const [readers, writer] = [open('asks in vain'), open('comes next')]
    const [first, late, writing] = [readerOn('handed'), readerOn('handed'), claimOn('handed')]
    await granted(readers, first)
    const turn = waiting(writer, writing)
    await until('the writer stands in line', async () => (await standing(pool, 'comes next')) === 1)
    const asking = readers.tryAcquire(late, TERMS)
    expect(await readers.release(first)).toBe(true)
    expect(await asking).toEqual(CONTENDED)
    await hasTurn(writer, writing, turn)
  })

  it('and its writers exclude each other, also on its sessions for other TTLs', async () => {
    const backend = open('readers and writers')
    const [reader, writer] = [readerOn('one process'), claimOn('one process')]
    await granted(backend, reader)
    for (const ttlMs of [MINUTE_MS, 2 * MINUTE_MS])
      expect(await backend.tryAcquire(writer, terms(ttlMs))).toMatchObject({
        granted: false,
        remainingMs: expect.any(Number),
      })
    await backend.release(reader)
    await granted(backend, writer)
    for (const ttlMs of [MINUTE_MS, 2 * MINUTE_MS])
      expect(await backend.tryAcquire(reader, terms(ttlMs))).toEqual(CONTENDED)
    expect(await backend.renew([{ ...writer, share: { kind: 'shared' }, ttlMs: MINUTE_MS }])).toEqual(['gone'])
    expect(await backend.release(reader)).toBe(false)
    expect(await backend.release(writer)).toBe(true)
    await granted(backend, reader)
  })

  it('end one by one: no release, no deadline and no batch ends what others have', async () => {
    const [readers, other] = [open('end one by one'), open('finds it read')]
    const reader = () => readerOn('counted')
    const [silent, first, second, third] = [reader(), reader(), reader(), reader()]
    const isRead = async () => expect(await other.tryAcquire(claimOn('counted'), TERMS)).toEqual(CONTENDED)
    const ttlMs = 2000
    const sinceMs = performance.now()
    for (const claim of [silent, first, second, third]) await granted(readers, claim, ttlMs)
    expect(await locksOf(pool, 'end one by one', 'ShareLock')).toBe(1)
    await until('the time of the silent one is over', async () => {
      const living = [first, second, third].map((claim) => ({ ...claim, ttlMs }))
      expect(await readers.renew(living)).toMatchObject(living.map(() => ({ granted: true })))
      return performance.now() - sinceMs > ttlMs + 500
    })
    expect(await readers.renew([{ ...silent, ttlMs }])).toEqual(['gone'])
    expect(await readers.release(silent)).toBe(false)
    await isRead()
    expect(await readers.releaseAll?.([first, silent, second])).toEqual([true, false, true])
    expect(await readers.release(first)).toBe(false)
    await isRead()
    expect(await readers.release(third)).toBe(true)
    await granted(other, claimOn('counted'))
  })

  it('cost two statements alone; of more at once, each costs two, and the last one gives the lock up', async () => {
    const sent: string[] = []
    const backend = openAltered(url, schema, 'noted', (statement, send) => {
      if (statement !== '') sent.push(statement)
      return send()
    })
    const [first, second] = [readerOn('noted'), readerOn('noted')]
    await granted(backend, first)
    await granted(backend, second)
    for (const claim of [first, second]) await backend.release(claim)
    expect(sent).toEqual(['lock_shared_and_time', 'look', 'confirm', 'unlock_shared'])
    await backend.close?.()
  })
})

describe('a waiting reader', () => {
  it('has one session in line for all who read that key in its process, and its turn is theirs', async () => {
    const [writer, readers] = [open('keeps readers out'), open('many wait')]
    const [writing, claims] = [claimOn('many'), [0, 1, 2, 3].map(() => readerOn('many'))]
    await granted(writer, writing)
    const turns = claims.map((claim) => waiting(readers, claim))
    await until('one stands in line', async () => (await standing(pool, 'many wait')) === 1)
    await writer.release(writing)
    await Promise.all(claims.map((claim, index) => hasTurn(readers, claim, turns[index])))
    expect(await standing(pool, 'many wait')).toBe(0)
    const released = await Promise.all(claims.map((claim) => readers.release(claim)))
    expect(released).toEqual([true, true, true, true])
    await until('nothing is left', async () => (await locksOf(pool, 'many wait', 'ShareLock')) === 0)
  })

  it('is let in once, where an attempt is granted beside its wait', async () => {
    const [writer, readers, other] = [open('writes first'), open('twice'), open('writes last')]
    const [writing, reader] = [claimOn('twice'), readerOn('twice')]
    await granted(writer, writing)
    const turn = waiting(readers, reader)
    await until('it stands in line', async () => (await standing(pool, 'twice')) === 1)
    await writer.release(writing)
    await readers.tryAcquire(reader, TERMS)
    await hasTurn(readers, reader, turn)
    expect(await readers.release(reader)).toBe(true)
    await until('it is free', async () => (await other.tryAcquire(claimOn('twice'), TERMS)).granted)
    expect(await locksOf(pool, 'twice', 'ShareLock')).toBe(0)
  })
})

describe('a writer who waits for more keys than there are sessions that wait', () => {
  it('stands in line all the same where others read', async () => {
    const [holder, readers, writer] = [
      open('holds two'),
      open('reads the third'),
      openAdvisory(url, 'wants three', { schema }),
    ]
    const keys = ['busy 1', 'busy 2', 'busy 3']
    for (const key of keys.slice(0, 2)) await granted(holder, claimOn(key))
    const reader = readerOn('busy 3')
    await granted(readers, reader)
    const turns = keys.map((key) => writer.locks.named(key).acquire({ ttlMs: MINUTE_MS, waitMs: MINUTE_MS }))
    for (const turn of turns) turn.catch(() => {})
    await until('it stands in three lines', async () => (await standing(pool, 'wants three')) === 3)
    expect(await readers.tryAcquire(readerOn('busy 3'), TERMS)).toEqual(CONTENDED)
    await readers.release(reader)
    const third = await turns[2]
    third?.assertHeld()
    await writer.locks.close()
  })
})

describe('a writer who waits behind readers for longer than a second', () => {
  it('keeps out those who come, also while it is not in line; others let it in, and are let in afterwards', async () => {
    const { opened, open: goOn } = gate()
    let waits = 0
    const writer = openAltered(url, schema, 'waits longer', async (statement, send) => {
      if (statement !== 'wait') return send()
      waits += 1
      if (waits === 2) await opened
      return send()
    })
    const [readers, others] = [open('read for long'), open('want to read')]
    const [reader, late, writing] = [readerOn('long'), readerOn('long'), claimOn('long')]
    await granted(readers, reader)
    const turn = waiting(writer, writing)
    await until('it comes again', () => waits === 2)
    await until('it keeps readers out', async () => (await locksOf(pool, 'waits longer', 'ExclusiveLock')) === 1)
    expect(await standing(pool, 'waits longer')).toBe(0)
    expect(await readers.tryAcquire(readerOn('long'), TERMS)).toEqual(CONTENDED)
    expect(await others.tryAcquire(late, TERMS)).toEqual(CONTENDED)
    // Nobody is in the way of a wait, but the gate is.
    expect(await waiting(others, late)).toBeUndefined()
    goOn()
    await readers.release(reader)
    await hasTurn(writer, writing, turn)
    expect(await locksOf(pool, 'waits longer', 'ExclusiveLock')).toBe(1)
    await writer.release(writing)
    await granted(others, late)
    await granted(readers, readerOn('long'))
    await writer.close?.()
  })

  it('opens it again where it gives up', async () => {
    const writer = openAltered(url, schema, 'gives up', (_, send) => send())
    const readers = open('are read on')
    const [reader, writing] = [readerOn('read on'), claimOn('read on')]
    await granted(readers, reader)
    const turn = waiting(writer, writing)
    await until('it keeps readers out', async () => (await locksOf(pool, 'gives up', 'ExclusiveLock')) === 1)
    expect(await readers.tryAcquire(readerOn('read on'), TERMS)).toEqual(CONTENDED)
    await writer.release(writing)
    await turn
    const next = readerOn('read on')
    await until('they are let in', async () => (await readers.tryAcquire(next, TERMS)).granted)
    await writer.close?.()
  })

  it('behind a writer, keeps nobody out', async () => {
    const [holder, writer, readers] = [open('writes for long'), open('comes second'), open('comes third')]
    const [first, second, reader] = [claimOn('written'), claimOn('written'), readerOn('written')]
    await granted(holder, first)
    const sinceMs = performance.now()
    const turn = waiting(writer, second)
    await until('it has come again', async () => {
      const isLate = performance.now() - sinceMs > 1500
      return isLate && (await standing(pool, 'comes second')) === 1
    })
    expect(await locksOf(pool, 'comes second', 'ExclusiveLock')).toBe(0)
    await holder.release(first)
    await hasTurn(writer, second, turn)
    await writer.release(second)
    await granted(readers, reader)
  })
})

describe('a lock of somebody else at the same place', () => {
  it('is respected in its mode, and not touched', async () => {
    const backend = open('beside a stranger')
    const place = new Places(quotedSchema(schema)).of('stranger')
    const stranger = new pg.Client(url)
    await stranger.connect()
    onTestFinished(() => stranger.end())
    const [reader, writer] = [readerOn('stranger'), claimOn('stranger')]
    await stranger.query('select pg_advisory_lock_shared($1)', [place])
    await granted(backend, reader)
    await granted(backend, readerOn('stranger'))
    await backend.release(reader)
    expect(await backend.tryAcquire(writer, TERMS)).toEqual(CONTENDED)
    const { rows } = await stranger.query('select pg_advisory_unlock_shared($1) as had', [place])
    expect(rows).toEqual([{ had: true }])
    await stranger.query('select pg_advisory_lock($1)', [`${BigInt(place) + 1n}`])
    await granted(backend, reader)
  })
})

describe('readers and writers', () => {
  it('keep out of each other, while sessions are ended at random', async () => {
    const events = await storm(database, 8, 3)
    expect(events.filter(({ type }) => type === 'granted').length).toBeGreaterThan(30)
    expect(checkHistory(events)).toEqual([])
  })
})
