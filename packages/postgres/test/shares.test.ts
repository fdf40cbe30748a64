import { type Claim, createLocks, forceRelease, type LockBackend, type Share, shared } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRowsBackend, prune } from '../src/index.ts'
import { channelOf } from '../src/schema-name.ts'
import { claimOn, openDatabase, terms } from './database.ts'
import { counting } from './many.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000
const SHARED: Share = { kind: 'shared' }
const permits = (of: number, take = 1): Share => ({ kind: 'permits', take, of })
const part = (key: string, share: Share) => ({ ...claimOn(key), share })

const backends: LockBackend[] = []
afterAll(() => Promise.all(backends.map((backend) => backend.close?.())))

function open(through: Parameters<typeof postgresRowsBackend>[0]['pool'] = pool): LockBackend {
  const backend = postgresRowsBackend({ pool: through, schema, listen: () => new pg.Client({ connectionString: url }) })
  backends.push(backend)
  return backend
}

const count = async (table: string, key: string): Promise<number> => {
  const { rows } = await pool.query(`select count(*)::int as n from ${schema}.${table} where key = $1`, [key])
  return rows[0].n
}

const isParted = async (key: string): Promise<boolean> => {
  const { rows } = await pool.query(`select parted from ${schema}.leases where key = $1`, [key])
  return rows[0].parted
}

/** As a process does that dies then: it never says again that it is alive. */
async function standAndDie(key: string, kind: string, [take, of]: [number?, number?] = []): Promise<void> {
  const { holder } = claimOn(key)
  const call = `select * from ${schema}.await_place($1, $2, $3, $4, $5, 60000, null, 3000)`
  const { rows } = await pool.query(call, [key, holder, kind, take ?? null, of ?? null])
  expect(Number(rows[0].place)).toBeGreaterThan(0)
}

describe('parts of lease rows', () => {
  it('are offered where those who wait can be called', () => {
    expect(open().capabilities.shares).toEqual(['shared', 'permits'])
    expect(postgresRowsBackend({ pool, schema }).capabilities.shares).toBeUndefined()
  })

  it('are not renewed as what they are not', async () => {
    const backend = open()
    const [reader, permit, whole] = [part('r', SHARED), part('p', permits(2)), claimOn('w')]
    for (const claim of [reader, permit, whole]) await backend.tryAcquire(claim, terms(MINUTE_MS))
    for (const { share: _, ...claim } of [reader, permit])
      expect(await backend.renew([{ ...claim, ttlMs: MINUTE_MS }])).toEqual(['gone'])
    expect(await backend.renew([{ ...permit, share: SHARED, ttlMs: MINUTE_MS }])).toEqual(['gone'])
    expect(await backend.renew([{ ...reader, share: permits(2), ttlMs: MINUTE_MS }])).toEqual(['gone'])
    expect(await backend.renew([{ ...whole, share: SHARED, ttlMs: MINUTE_MS }])).toEqual(['gone'])
    const answers = await backend.renew([reader, permit, whole].map((claim) => ({ ...claim, ttlMs: MINUTE_MS })))
    expect(answers).toMatchObject([{ granted: true }, { granted: true, slots: [0] }, { granted: true }])
  })

  it('of the dead end with their time, beside those of the living', async () => {
    const backend = open()
    const [dead, living] = [part('dead reader', SHARED), part('dead reader', SHARED)]
    await backend.tryAcquire(dead, terms(200))
    await backend.tryAcquire(living, terms(MINUTE_MS))
    await until('one reads', async () => (await backend.inspect?.('dead reader'))?.length === 1)
    expect(await backend.renew([dead, living].map((claim) => ({ ...claim, ttlMs: MINUTE_MS })))).toMatchObject([
      'gone',
      { granted: true },
    ])
    expect(await backend.release(dead)).toBe(false)
    expect(await backend.tryAcquire(claimOn('dead reader'), terms(1))).toMatchObject({ granted: false })
    expect(await backend.release(living)).toBe(true)
    expect(await backend.tryAcquire(claimOn('dead reader'), terms(1))).toMatchObject({ granted: true })
  })

  it('leave a key as it was: nobody who wants all of it pays for them any more', async () => {
    const backend = open()
    const [reader, writer] = [part('parted', SHARED), claimOn('parted')]
    await backend.tryAcquire(reader, terms(MINUTE_MS))
    const turn = backend.waitForTurn?.(writer, terms(MINUTE_MS), AbortSignal.timeout(MINUTE_MS))
    await until('it stands in line', async () => (await count('lease_line', 'parted')) === 1)
    expect(await isParted('parted')).toBe(true)
    await backend.release(reader)
    await turn
    expect(await backend.tryAcquire(writer, terms(MINUTE_MS))).toMatchObject({ granted: true })
    expect(await isParted('parted')).toBe(false)
    expect([await count('lease_parts', 'parted'), await count('lease_line', 'parted')]).toEqual([0, 0])
  })

  it('of all kinds are renewed and released in one statement each, in the order of the claims', async () => {
    const { counter, counted } = counting(pool)
    const backend = open(counter)
    const claims = Array.from({ length: 90 }, (_, index) => {
      const key = `mixed ${Math.floor(index / 3)}`
      const share = [undefined, SHARED, permits(5, 2)][Math.floor(index / 3) % 3]
      return share ? part(key, share) : claimOn(`${key} ${index % 3}`)
    })
    const answers = await Promise.all(claims.map((claim) => backend.tryAcquire(claim, terms(MINUTE_MS))))
    const granted = answers.map((answer) => answer.granted)
    // Two of three have room for two permits of five.
    expect(granted.filter((isGranted) => !isGranted)).toHaveLength(10)
    counted.statements = 0
    const renewals = await backend.renew(claims.map((claim) => ({ ...claim, ttlMs: 2 * MINUTE_MS })))
    expect(counted.statements).toBe(1)
    for (const [index, answer] of answers.entries())
      expect(renewals[index]).toEqual(answer.granted ? { ...answer, ttlMs: 2 * MINUTE_MS } : 'gone')
    expect(await backend.releaseAll?.(claims)).toEqual(granted)
    expect(counted.statements).toBe(2)
    expect(await backend.releaseAll?.(claims)).toEqual(claims.map(() => false))
  })

  it('are refused a group of keys, which takes none of them', async () => {
    const backend = open()
    const reader = part('group b', SHARED)
    await backend.tryAcquire(reader, terms(MINUTE_MS))
    const group = ['group a', 'group b'].map(claimOn)
    expect(await backend.tryAcquireAll?.(group, terms(MINUTE_MS))).toMatchObject({ granted: false })
    expect(await backend.inspect?.('group a')).toEqual([])
    await backend.release(reader)
    expect(await backend.tryAcquireAll?.(group, terms(MINUTE_MS))).toHaveLength(2)
    expect(await backend.tryAcquire(part('group b', SHARED), terms(1))).toMatchObject({ granted: false })
  })

  it('are ended by force one and all, and each is told why', async () => {
    const backend = open()
    const claims = [part('forced', permits(4, 3)), part('forced', permits(4))]
    for (const claim of claims) await backend.tryAcquire(claim, terms(MINUTE_MS))
    const stranger = part('forced', permits(4))
    expect(await forceRelease(createLocks(backend), 'forced', { reason: 'a ticket, and why' })).toBe(2)
    const asked = [...claims, stranger].map((claim) => ({ ...claim, ttlMs: 1 }))
    const told = 'gone: a ticket, and why'
    expect(await backend.renew(asked)).toEqual([told, told, 'gone'])
    expect(await backend.tryAcquire(stranger, terms(MINUTE_MS))).toMatchObject({ slots: [0] })
  })
})

describe('the line for parts of lease rows', () => {
  it('passes over a waiter who died, after three seconds', async () => {
    const backend = open()
    const reader = part('dead waiter', SHARED)
    await backend.tryAcquire(reader, terms(MINUTE_MS))
    const before = performance.now()
    await standAndDie('dead waiter', 'whole')
    const late = part('dead waiter', SHARED)
    expect(await backend.tryAcquire(late, terms(MINUTE_MS))).toMatchObject({ granted: false })
    await backend.waitForTurn?.(late, terms(MINUTE_MS), AbortSignal.timeout(MINUTE_MS))
    expect(performance.now() - before).toBeGreaterThan(2900)
    expect(await backend.tryAcquire(late, terms(MINUTE_MS))).toMatchObject({ granted: true })
  })

  it('lets in at once who has room beside a waiter who died', async () => {
    const backend = open()
    const writer = claimOn('dead beside')
    await backend.tryAcquire(writer, terms(MINUTE_MS))
    await standAndDie('dead beside', 'permits', [2, 3])
    await backend.release(writer)
    // Two of three are for the one who does not come.
    const answers = [permits(3), permits(3), SHARED, undefined].map((share) =>
      backend.tryAcquire(share ? part('dead beside', share) : claimOn('dead beside'), terms(MINUTE_MS)),
    )
    const slots = (await Promise.all(answers)).map((answer) => answer.granted && answer.slots)
    expect(slots.sort()).toEqual([[2], false, false, false])
  })

  it('is told up to which place it is let in, and nothing while it is not', async () => {
    const backend = open()
    const heard: (string | undefined)[] = []
    const listener = new pg.Client(url)
    await listener.connect()
    listener.on('notification', ({ payload }) => heard.push(payload))
    await listener.query(`listen "${channelOf(`"${schema}"`)}"`)
    const held = [part('called', permits(3)), part('called', permits(3))]
    for (const claim of held) await backend.tryAcquire(claim, terms(MINUTE_MS))
    await standAndDie('called', 'permits', [3, 3])
    await standAndDie('called', 'whole')
    const [first, second] = held as [Claim, Claim]
    await backend.release(first)
    await backend.releaseAll?.([second])
    await until('the first is called', () => heard.length > 0)
    expect(heard).toEqual(['1:called'])
    await listener.end()
  })

  it('is kept as long as one waits, and left with the wait', async () => {
    const backend = open()
    const reader = part('kept place', SHARED)
    await backend.tryAcquire(reader, terms(MINUTE_MS))
    const [writer, enough] = [claimOn('kept place'), new AbortController()]
    const turn = backend.waitForTurn?.(writer, terms(MINUTE_MS), enough.signal)
    await until('it stands in line', async () => (await count('lease_line', 'kept place')) === 1)
    await pool.query('select pg_sleep(3.5)')
    expect(await backend.tryAcquire(part('kept place', SHARED), terms(1))).toMatchObject({ granted: false })
    enough.abort()
    await turn
    expect(await backend.release(writer)).toBe(false)
    expect(await backend.tryAcquire(part('kept place', SHARED), terms(1))).toMatchObject({ granted: true })
  })

  it('is left by a waiter whose place comes after its wait was given up', async () => {
    const backend = open()
    await backend.tryAcquire(part('late place', SHARED), terms(MINUTE_MS))
    const blocker = await pool.connect()
    await blocker.query(`begin; select from ${schema}.leases where key = 'late place' for update`)
    const [writer, enough] = [claimOn('late place'), new AbortController()]
    const turn = backend.waitForTurn?.(writer, terms(MINUTE_MS), enough.signal)
    await until('it is blocked', async () => {
      const { rowCount } = await pool.query(
        `select from pg_stat_activity where wait_event_type = 'Lock' and query like '%await_place%'`,
      )
      return rowCount === 1
    })
    enough.abort()
    await turn
    await blocker.query('rollback')
    blocker.release()
    await until(
      'the line is empty',
      async () => (await backend.tryAcquire(part('late place', SHARED), terms(1))).granted,
      2000,
    )
  })

  it('has a place for those who waited for all of a key before anybody wanted a part, before him', async () => {
    const backend = open()
    const locks = createLocks(open(), { pollMs: MINUTE_MS })
    const held = claimOn('marked')
    await backend.tryAcquire(held, terms(MINUTE_MS))
    const writing = locks.named('marked').acquire()
    await until('it waits', async () => (await count('lease_line', 'marked')) === 1)
    const reading = shared(locks, 'marked').acquire()
    await until('both stand in line', async () => (await count('lease_line', 'marked')) === 2)
    await backend.release(held)
    const order: string[] = []
    await Promise.all(
      [writing, reading].map(async (acquiring, index) => {
        const lease = await acquiring
        order.push(['writer', 'reader'][index] as string)
        await lease.release()
      }),
    )
    expect(order).toHaveLength(2)
    await locks.close()
  })

  it('and parts of the dead are pruned with the rows of free keys', async () => {
    const backend = open()
    const locks = createLocks(open())
    const lease = await shared(locks, 'pruned living').acquire()
    await backend.tryAcquire(part('pruned dead', permits(2)), terms(1))
    await backend.tryAcquire(part('pruned waiter', SHARED), terms(1))
    await pool.query(`insert into ${schema}.lease_line values ('pruned waiter', 'x', 1, 'whole', null, null, 'epoch')`)
    await pool.query(`insert into ${schema}.lease_forced values ('pruned', 'x', 'long ago', 'epoch')`)
    await pool.query('select pg_sleep(0.01)')
    expect(await prune(pool, { schema })).toBeGreaterThanOrEqual(2)
    for (const table of ['leases', 'lease_parts', 'lease_line', 'lease_forced'])
      for (const key of ['pruned', 'pruned dead', 'pruned waiter']) expect(await count(table, key)).toBe(0)
    await lease.renew()
    await lease.release()
    await locks.close()
  })
})
