import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresAdvisory } from '../src/index.ts'
import { openAdvisory } from './advisory.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const TERMS = terms(60_000)

/** A backend whose requests for locks are held up on their way until they are let go. */
function heldUp() {
  let letGo = () => {}
  const gate = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const connection = () => {
    const client = new pg.Client({ connectionString: url, application_name: 'held up', pipeline: true })
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult>
    const slow = async (statement: { name?: string }, ...rest: unknown[]) => {
      if (statement.name?.startsWith('leasehold_lock')) await gate
      return query(statement, ...rest)
    }
    return Object.assign(client, { query: slow as never })
  }
  return { backend: postgresAdvisory({ connection, schema }), letGo }
}

describe('a request for a place that a wait of another claim has brought meanwhile', () => {
  it('is granted when that one is released, and can be released itself', async () => {
    const [holder, third] = [openAdvisory(url, 'holder', { schema }), openAdvisory(url, 'third', { schema })]
    const { backend, letGo } = heldUp()
    const claim = () => claimOn('crossing')
    const [first, waiter, asker, last] = [claim(), claim(), claim(), claim()]
    await holder.backend.tryAcquire(first, TERMS)
    const turn = backend.waitForTurn?.(waiter, TERMS, new AbortController().signal)
    await until('it stands in line', async () => {
      const inLine = `select from pg_stat_activity where application_name = 'held up' and wait_event = 'advisory'`
      return (await pool.query(inLine)).rows.length === 1
    })
    const asking = backend.tryAcquire(asker, TERMS)
    await holder.backend.release(first)
    await turn
    expect(await backend.release(waiter)).toBe(true)
    letGo()
    expect((await asking).granted).toBe(true)
    expect((await third.backend.tryAcquire(last, TERMS)).granted).toBe(false)
    expect(await backend.release(asker)).toBe(true)
    expect((await third.backend.tryAcquire(last, TERMS)).granted).toBe(true)
    await backend.close?.()
    await Promise.all([holder.locks.close(), third.locks.close()])
  })
})
