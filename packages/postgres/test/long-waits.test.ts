import { Lateness, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { withTransactionLock } from '../src/index.ts'
import { openAdvisory, standing, wants } from './advisory.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
await pool.query(`create table ${schema}.cities (id int, name text)`)
afterAll(database.stop)

const MINUTE_MS = 60_000

/** It waits for every statement to end that was under way before it, in all sessions. */
async function indexMs(name: string): Promise<number> {
  const sinceMs = performance.now()
  await pool.query(`create index concurrently ${name} on ${schema}.cities (name)`)
  return performance.now() - sinceMs
}

describe('those who wait for long do not hold up an index that is built concurrently', () => {
  it('by a process that holds their advisory lock, as migrations do', async () => {
    const open = (name: string) => openAdvisory(url, name, { schema })
    const [holder, ...pods] = ['migrates', 'pods', 'pods', 'pods'].map(open)
    const key = 'migrations'
    const lateness = Lateness.watch()
    const tookMs = await holder?.locks.named(key).run(async () => {
      for (const { locks } of pods) wants(locks, key)
      await until('three pods wait', async () => (await standing(pool, 'pods')) === 3)
      return indexMs('by_lease')
    })
    expect(tookMs).toBeLessThan(6000 + lateness.allowanceMs())
    await Promise.all([holder, ...pods].map((each) => each?.locks.close()))
  })

  it('beside transactions that wait for theirs', async () => {
    const waits = `select from pg_stat_activity where query like '%pg_advisory_xact_lock%' and wait_event = 'advisory'`
    const locked = async (work: () => Promise<unknown>, waitMs: number) => {
      const client = await pool.connect()
      return withTransactionLock(client, 'transactions', work, { waitMs }).finally(() => client.release())
    }
    let waiting: Promise<unknown>[] = []
    const lateness = Lateness.watch()
    await locked(async () => {
      waiting = [0, 1, 2].map(() => locked(async () => 'had its turn', MINUTE_MS))
      await until('three wait', async () => (await pool.query(waits)).rowCount === 3)
      expect(await indexMs('by_transaction')).toBeLessThan(6000 + lateness.allowanceMs())
    }, 0)
    expect(await Promise.all(waiting)).toEqual(Array(3).fill('had its turn'))
  })
})
