import { createLocks, type LockEvent } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { postgresRowsBackend } from '../src/index.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { keys } from './many.ts'

const database = await openDatabase()
const { pool, schema, openPool } = database
afterAll(database.stop)

const MINUTE_MS = 60_000

/** As somebody's transaction does that forgot to end. */
async function lockRow(key: string): Promise<() => Promise<void>> {
  const client = await pool.connect()
  await client.query('begin')
  await client.query(`select from ${schema}.leases where key = $1 for update`, [key])
  let locked = true
  const unlock = async () => {
    if (!locked) return
    locked = false
    await client.query('rollback')
    client.release()
  }
  onTestFinished(unlock)
  return unlock
}

/** What the server knows of the connections of this name. */
async function backendsOf(name: string): Promise<{ pid: number; blocked: boolean }[]> {
  const { rows } = await pool.query(
    `select pid, wait_event_type is not distinct from 'Lock' as blocked from pg_stat_activity where application_name = $1 order by pid`,
    [name],
  )
  return rows
}

describe('a row that somebody keeps locked', () => {
  it('costs nobody else a renewal, and is not known: nothing is left that waits for it', async () => {
    const backend = postgresRowsBackend({ pool: openPool({ application_name: 'renews' }), schema })
    const claims = keys(21, 'batch').map(claimOn)
    await backend.tryAcquireAll?.(claims, terms(MINUTE_MS))
    const unlock = await lockRow('batch 7')
    const renew = () => backend.renew(claims.map((claim) => ({ ...claim, ttlMs: 2 * MINUTE_MS })))
    const answers = await renew()
    expect(answers.map((answer) => (answer as { ttlMs?: number }).ttlMs ?? answer)).toEqual(
      claims.map(({ key }) => (key === 'batch 7' ? 'unknown' : 2 * MINUTE_MS)),
    )
    expect((await backendsOf('renews')).filter(({ blocked }) => blocked)).toEqual([])
    await unlock()
    expect(await renew()).toEqual(claims.map(() => expect.objectContaining({ granted: true })))
  })

  it('for a moment is waited for', async () => {
    const backend = postgresRowsBackend({ pool: openPool({ application_name: 'waits a moment' }), schema })
    const claim = claimOn('moment')
    await backend.tryAcquire(claim, terms(MINUTE_MS))
    /** For less than it is waited for, which a busy machine may miss. */
    const isLockedForAMoment = async (): Promise<boolean> => {
      const unlock = await lockRow('moment')
      // It is nobody else's: that is known without its row.
      expect(await backend.releaseAll?.([claimOn('moment')])).toEqual([false])
      let isOver = false
      const renewing = backend.renew([{ ...claim, ttlMs: MINUTE_MS }]).finally(() => {
        isOver = true
      })
      const isBlocked = async () => (await backendsOf('waits a moment')).some(({ blocked }) => blocked)
      let hasWaited = false
      await until('it waits', async () => {
        hasWaited = await isBlocked()
        return hasWaited || isOver
      })
      await unlock()
      const [renewal] = await renewing
      if (renewal === 'unknown') return false
      expect(renewal).toMatchObject({ granted: true })
      return hasWaited
    }
    await until('it was waited for', isLockedForAMoment)
  })

  it('is not known of a part, either', async () => {
    const backend = postgresRowsBackend({ pool, schema })
    const [reader, other] = [claimOn('parted'), claimOn('parted')].map((claim) => ({
      ...claim,
      share: { kind: 'shared' as const },
    })) as [ReturnType<typeof claimOn>, ReturnType<typeof claimOn>]
    await backend.tryAcquire(reader, terms(MINUTE_MS))
    const unlock = await lockRow('parted')
    const renewals = [reader, other].map((claim) => ({ ...claim, ttlMs: MINUTE_MS }))
    expect(await backend.renew(renewals)).toEqual(['unknown', 'gone'])
    await expect(backend.releaseAll?.([reader, other])).rejects.toMatchObject({ code: '55P03' })
    await unlock()
    expect(await backend.renew(renewals)).toMatchObject([{ granted: true }, 'gone'])
    expect(await backend.releaseAll?.([reader, other])).toEqual([true, false])
  })

  it('keeps nothing else of its batch from being released, and is not told as released', async () => {
    const backend = postgresRowsBackend({ pool, schema })
    const claims = keys(5, 'ending').map(claimOn)
    await backend.tryAcquireAll?.(claims, terms(MINUTE_MS))
    const unlock = await lockRow('ending 3')
    await expect(backend.releaseAll?.(claims)).rejects.toThrow('another transaction keeps the row of a key locked')
    const { rows } = await pool.query(`select key from ${schema}.leases where key like 'ending%' and holder <> ''`)
    expect(rows).toEqual([{ key: 'ending 3' }])
    await unlock()
    expect(await backend.releaseAll?.(claims)).toEqual(claims.map(({ key }) => key === 'ending 3'))
  })

  it('ends what asks for it alone at the server, in words, and costs no connection', async () => {
    const backend = postgresRowsBackend({ pool: openPool({ application_name: 'asks alone', max: 2 }), schema })
    const claim = claimOn('alone')
    await backend.tryAcquire(claim, terms(MINUTE_MS))
    await Promise.all(['alone', 'beside'].map((key) => backend.inspect?.(key)))
    const before = await backendsOf('asks alone')
    const unlock = await lockRow('alone')
    const locked = { code: '55P03', message: expect.stringContaining('row of this key locked') }
    await Promise.all([
      expect(backend.release(claim)).rejects.toMatchObject(locked),
      expect(backend.annotate?.(claim, '1')).rejects.toMatchObject(locked),
    ])
    expect(await backend.tryAcquire(claimOn('alone'), terms(1))).toMatchObject({ granted: false })
    await unlock()
    expect(await backend.release(claim)).toBe(true)
    await lockRow('alone')
    await Promise.all([
      expect(backend.tryAcquire(claim, terms(1))).rejects.toMatchObject(locked),
      expect(backend.tryAcquireAll?.([claim, claimOn('beside')], terms(1))).rejects.toMatchObject(locked),
    ])
    expect(await backendsOf('asks alone')).toEqual(before)
  })

  it('costs its own lease, and no other of the process', async () => {
    const events: LockEvent[] = []
    const backend = postgresRowsBackend({ pool: openPool({ application_name: 'holds', max: 5 }), schema })
    const locks = createLocks(backend, { onEvent: (event) => events.push(event) })
    const take = (name: string) => locks.named(name).acquire({ ttlMs: 3000 })
    const [held, ...others] = await Promise.all(keys(10, 'held').map(take))
    const unlock = await lockRow('held 0')
    await until('it is lost', () => held?.signal.aborted === true)
    for (const lease of others) lease.assertHeld()
    expect(events.filter(({ type }) => type === 'lost').map(({ key }) => key)).toEqual(['held 0'])
    expect((await backendsOf('holds')).length).toBeLessThanOrEqual(5)
    await unlock()
    await locks.close()
  })
})
