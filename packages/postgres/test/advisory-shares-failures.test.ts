import { type Claim, shared } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { openAdvisory, openAltered, sessionsOf, standing } from './advisory.ts'
import { granted, hasTurn, locksOf, opensIn, readerOn, waiting } from './advisory-shares.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000
const TERMS = terms(MINUTE_MS)
const CONTENDED = expect.objectContaining({ granted: false })
const open = opensIn(url, schema)

describe('a session that ends', () => {
  it('takes all readers on it along, and no others', async () => {
    const { backend, locks, lostKeys } = openAdvisory(url, 'killed', { schema })
    const [first, second, elsewhere] = await Promise.all(
      [MINUTE_MS, MINUTE_MS, 2 * MINUTE_MS].map((ttlMs) => shared(locks, 'read').acquire({ ttlMs })),
    )
    const { rows } = await pool.query<{ pid: number }>(
      `select pid from pg_stat_activity join pg_locks using (pid)
        where locktype = 'advisory' and objsubid = 1 and application_name = 'killed' order by backend_start`,
    )
    const pids = rows.map(({ pid }) => pid)
    expect(pids).toHaveLength(2)
    // Whose was made first need not be that of the two.
    const lost = () => [first, second, elsewhere].filter((lease) => lease?.signal.aborted)
    await pool.query('select pg_terminate_backend($1)', [pids[0]])
    await until('they are lost', () => lost().length > 0 && lostKeys().length === lost().length)
    expect([[first, second], [elsewhere]]).toContainEqual(lost())
    expect(await backend.tryAcquire(claimOn('read'), TERMS)).toEqual(CONTENDED)
    const again = await shared(locks, 'read').acquire({ ttlMs: MINUTE_MS })
    for (const lease of [first, second, elsewhere])
      expect(again.fencingToken).toBeGreaterThan(lease?.fencingToken ?? 0n)
    const left = 4 - lost().length
    expect((await locks.close()).released).toBe(left)
  })

  it('costs nobody a lease where it only looks who waits, and is replaced', async () => {
    const readers = open('onlooker')
    const claims = [0, 1, 2].map(() => readerOn('looked at'))
    for (const claim of claims.slice(0, 2)) await granted(readers, claim)
    const looks = `select pid from pg_stat_activity where application_name = 'onlooker' and query like '%lock_shared($2%' and query like '%xact%'`
    const { rows } = await pool.query<{ pid: number }>(looks)
    expect(rows).toHaveLength(1)
    await pool.query('select pg_terminate_backend($1)', [rows[0]?.pid])
    await until('it has ended', async () => !(await sessionsOf(pool, 'onlooker')).includes(rows[0]?.pid ?? 0))
    await until('another reader is let in', async () => {
      const answer = await readers.tryAcquire(claims[2] ?? readerOn('none'), TERMS).catch(() => undefined)
      return answer?.granted === true
    })
    expect(await readers.renew(claims.map((claim) => ({ ...claim, ttlMs: MINUTE_MS })))).toMatchObject(
      claims.map(() => ({ granted: true })),
    )
  })
})

describe('what a reader asked for and the server did not answer', () => {
  const refusal = () => Object.assign(new Error('canceling statement due to user request'), { severity: 'ERROR' })

  /** A backend of which these statements fail once each, after they were carried out. */
  function failing(name: string, ...statements: string[]) {
    const sent: string[] = []
    const toFail = new Set(statements)
    const backend = openAltered(url, schema, name, async (statement, send) => {
      if (statement !== '') sent.push(statement)
      const answer = await send()
      if (toFail.delete(statement)) throw refusal()
      return answer
    })
    onTestFinished(() => void backend.close?.())
    return { backend, sent }
  }

  it('is undone in the mode in which it was asked for', async () => {
    const [{ backend, sent }, other] = [failing('fails to share', 'lock_shared_and_time'), open('after that')]
    await expect(backend.tryAcquire(readerOn('undone'), TERMS)).rejects.toThrow('canceling')
    expect(sent.filter((statement) => statement.startsWith('un'))).toEqual(['undo_shared'])
    await granted(other, claimOn('undone'))
  })

  it('is not undone to those who have it', async () => {
    const [{ backend, sent }, other] = [failing('fails to join', 'confirm', 'look'), open('finds a reader')]
    const reader = readerOn('joined')
    await granted(backend, reader)
    for (let times = 0; times < 2; times += 1)
      await expect(backend.tryAcquire(readerOn('joined'), TERMS)).rejects.toThrow('canceling')
    expect(await other.tryAcquire(claimOn('joined'), TERMS)).toEqual(CONTENDED)
    expect(await backend.release(reader)).toBe(true)
    expect(sent.filter((statement) => statement.startsWith('unlock'))).toEqual(['unlock_shared'])
    await granted(other, claimOn('joined'))
  })

  it('is ended once more where its release failed, and not to the reader who came meanwhile', async () => {
    const [{ backend }, other] = [failing('fails to release', 'unlock_shared'), open('finds the next reader')]
    const [first, second] = [readerOn('released'), readerOn('released')]
    await granted(backend, first)
    const released = backend.release(first)
    await granted(backend, second)
    expect(await released).toBe(true)
    await granted(backend, readerOn('afterwards'))
    expect(await other.tryAcquire(claimOn('released'), TERMS)).toEqual(CONTENDED)
    expect(await backend.release(second)).toBe(true)
    await granted(other, claimOn('released'))
  })

  it('leaves no lock behind where a wait is given up, or ended at the server', async () => {
    const [writer, readers] = [open('writes on'), openAdvisory(url, 'gives up', { schema })]
    const writing = claimOn('given up')
    await granted(writer, writing)
    for (const waitMs of [1, 20, 60])
      await expect(shared(readers.locks, 'given up').acquire({ waitMs })).rejects.toMatchObject({
        code: 'ACQUIRE_TIMEOUT',
      })
    // Its sessions that wait are still free.
    const late = openAdvisory(url, 'times out', { schema })
    const turn = waiting(late.backend, readerOn('given up'))
    await until('it stands in line', async () => (await standing(pool, 'times out')) === 1)
    let isOver = false
    const over = () => {
      isOver = true
    }
    turn?.then(over, over)
    // It may just be coming again.
    await until('its wait is ended', async () => {
      await pool.query(
        `select pg_cancel_backend(pid) from pg_stat_activity where application_name = 'times out' and wait_event = 'advisory'`,
      )
      return isOver
    })
    expect(await turn).toBeUndefined()
    await writer.release(writing)
    await granted(writer, claimOn('given up'))
    for (const name of ['gives up', 'times out'])
      await until('nothing is left', async () => (await locksOf(pool, name, 'ShareLock')) === 0)
    await Promise.all([readers.locks.close(), late.locks.close()])
  })
})

describe('readers who come one after the other, each before the last was told no', () => {
  it('do not keep a writer out whose turn it is', async () => {
    const answers: (() => void)[] = []
    const readers = openAltered(url, schema, 'asks for long', async (statement, send) => {
      const answer = await send()
      if (statement === 'look') await new Promise<void>((resolve) => answers.push(resolve))
      return answer
    })
    const [writer, writing] = [open('waits for them'), claimOn('asked for')]
    const [first, second, third, fourth] = [0, 1, 2, 3].map(() => readerOn('asked for')) as [Claim, Claim, Claim, Claim]
    await granted(readers, first)
    const turn = waiting(writer, writing)
    await until('it stands in line', async () => (await standing(pool, 'waits for them')) === 1)
    const asking = [second, third].map((claim) => readers.tryAcquire(claim, TERMS))
    await until('both ask', () => answers.length === 2)
    expect(await readers.release(first)).toBe(true)
    answers[0]?.()
    expect(await asking[0]).toEqual(CONTENDED)
    expect(await readers.tryAcquire(fourth, TERMS)).toEqual(CONTENDED)
    expect(await locksOf(pool, 'asks for long', 'ShareLock')).toBe(1)
    answers[1]?.()
    expect(await asking[1]).toEqual(CONTENDED)
    await hasTurn(writer, writing, turn)
    expect(answers).toHaveLength(2)
    await readers.close?.()
  })
})
