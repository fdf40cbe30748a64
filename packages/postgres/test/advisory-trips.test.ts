import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { IdleTimeout } from '../src/advisory/idle-timeout.ts'
import { postgresAdvisoryBackend } from '../src/index.ts'
import { nameOf, type Sent, standing } from './advisory.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000
/** What a wait sends that was in vain for a second. */
const AGAIN = ['undo', 'shut_if_read', 'wait', 'waited']

/** Longer than a busy machine takes for a turn. */
const SHORT_MS = 1500

/** Locks, and the names of the statements that they sent. */
function noted(name: string) {
  const sent: string[] = []
  const connection = () => {
    const client = new pg.Client({ connectionString: url, application_name: name, pipeline: true })
    const query = client.query.bind(client) as (...args: unknown[]) => Promise<pg.QueryResult>
    const noting = (statement: Sent, ...rest: unknown[]) => {
      if (nameOf(statement) !== '') sent.push(nameOf(statement))
      return query(statement, ...rest)
    }
    return Object.assign(client, { query: noting as never })
  }
  const locks = createLocks(postgresAdvisoryBackend({ connection, schema }), { pollMs: MINUTE_MS })
  return { locks, take: () => sent.splice(0) }
}

const stands = (name: string) => async () => (await standing(pool, name)) === 1

describe('an advisory lock costs', () => {
  it('two statements, and sets the timeout of its session only where that changes', async () => {
    const { locks, take } = noted('uncontended')
    const lock = locks.named('uncontended')
    const use = async (ttlMs: number) => {
      await lock.run({ ttlMs }, () => {})
      return take()
    }
    expect(await use(MINUTE_MS)).toEqual(['lock_and_time', 'unlock'])
    expect(await use(MINUTE_MS)).toEqual(['lock', 'unlock'])
    expect(await use(SHORT_MS)).toEqual(['lock_and_time', 'unlock'])

    const sent: string[] = []
    await until('a session that holds nothing may be silent', () => sent.push(...take()) > 0)
    expect(sent).toEqual(['time'])
    expect(await use(SHORT_MS)).toEqual(['lock_and_time', 'unlock'])
    await locks.close()
  })

  it('one trip where it is handed over soon, and one more where the wait was long', async () => {
    const [holder, waiter] = [noted('holds'), noted('waits')]
    /** Resolves with whether the wait itself brought the lease. */
    const handOver = async (heldMs: number): Promise<boolean | 'lost'> => {
      const lease = await holder.locks.named('handed over').acquire({ ttlMs: MINUTE_MS })
      const turn = waiter.locks.named('handed over').acquire({ ttlMs: MINUTE_MS })
      await until('it stands in line', stands('waits'))
      waiter.take()
      await new Promise((resolve) => setTimeout(resolve, heldMs))
      await lease.release()
      const next = await turn
      const isShort = next.remainingMs < 1000
      expect(waiter.take().filter((statement) => !AGAIN.includes(statement))).toEqual(isShort ? [] : ['confirm'])
      // A machine that stands still for so long that a brief lease ends is asked again, too.
      await until('it has all of its time, or none', () => next.remainingMs > 1000 || next.signal.aborted)
      return (await next.release()) === 'released' ? isShort : 'lost'
    }
    // A busy machine may make a wait long that should be short, and a second may just be over, but not every time.
    const isOnce = async (isShort: boolean, heldMs: number) => {
      for (let times = 0; times < 10; times += 1) if ((await handOver(heldMs)) === isShort) return true
      return false
    }
    expect(await isOnce(true, 0)).toBe(true)
    expect(await isOnce(false, 500)).toBe(true)
    await Promise.all([holder.locks.close(), waiter.locks.close()])
  })
})

describe('the timeout of a session', () => {
  it('is known once it was set', () => {
    const timeout = new IdleTimeout()
    expect(timeout.is(0)).toBe(true)
    const [inForce, again] = [timeout.ask(1000), timeout.ask(1000)]
    expect(timeout.is(1000)).toBe(false)
    expect(timeout.is(0)).toBe(false)
    inForce()
    expect(timeout.is(1000)).toBe(true)
    again()
    expect(timeout.is(1000)).toBe(true)
  })

  it('is not known while another one is under way, whichever answer comes', () => {
    const timeout = new IdleTimeout()
    const first = timeout.ask(1000)
    const taken = timeout.ask(0)
    const last = timeout.ask(1000)
    first()
    taken()
    expect(timeout.is(1000)).toBe(false)
    expect(timeout.is(0)).toBe(false)
    last()
    expect(timeout.is(1000)).toBe(true)
  })
})
