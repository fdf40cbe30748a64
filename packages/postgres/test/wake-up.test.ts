import type { Socket } from 'node:net'
import { allOf, createLocks } from '@leasehold/core'
import { startPgBouncer, TcpProxy, until } from '@leasehold/test-services'
import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { postgresRowsBackend } from '../src/index.ts'
import { channelOf } from '../src/schema-name.ts'
import { claimOn, openDatabase, terms } from './database.ts'

const database = await openDatabase()
const { pool, schema, url } = database
afterAll(database.stop)

const MINUTE_MS = 60_000
const channel = channelOf(`"${schema}"`)

/** A client whose connections the server knows by this name. */
function rowsNamed(application_name: string) {
  const listen = () => new pg.Client({ connectionString: url, application_name })
  return postgresRowsBackend({ pool, schema, listen })
}

const listenersNamed = async (name: string): Promise<number[]> => {
  const { rows } = await pool.query<{ pid: number }>(
    `select pid from pg_stat_activity where application_name = $1 and query like 'listen %' and state = 'idle'`,
    [name],
  )
  return rows.map(({ pid }) => pid)
}

const isAwaited = async (key: string): Promise<boolean> => {
  const { rowCount } = await pool.query(`select from ${schema}.lease_line where key = $1`, [key])
  return rowCount !== 0
}

describe('waiting', () => {
  it('is ended by the release, where nobody polls', async () => {
    const [holder, waiter] = [rowsNamed('holder'), rowsNamed('waiter')]
    const lease = await createLocks(holder).named('pushed').acquire({ ttlMs: MINUTE_MS })
    const locks = createLocks(waiter, { pollMs: MINUTE_MS })
    const next = locks.named('pushed').acquire()
    await until('it waits', () => isAwaited('pushed'))
    await lease.release()
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    expect(await isAwaited('pushed')).toBe(false)
    await Promise.all([locks.close(), holder.close?.()])
  })

  it('on what the claim has got meanwhile is over at once, and gets no place in line', async () => {
    const backend = rowsNamed('late')
    const claim = claimOn('got meanwhile')
    await backend.tryAcquire(claim, terms(MINUTE_MS))
    await backend.waitForTurn?.(claim, terms(MINUTE_MS), new AbortController().signal)
    expect(await isAwaited('got meanwhile')).toBe(false)
    await backend.close?.()
  })

  it('goes on when its connection is ended, on another one', async () => {
    const [holder, waiter] = [rowsNamed('steady'), rowsNamed('broken')]
    const lease = await createLocks(holder).named('reconnected').acquire({ ttlMs: MINUTE_MS })
    const locks = createLocks(waiter, { pollMs: MINUTE_MS })
    const next = locks.named('reconnected').acquire()
    await until('it waits', () => isAwaited('reconnected'))
    const [pid] = await listenersNamed('broken')
    await pool.query('select pg_terminate_backend($1)', [pid])
    await until('it listens again', async () => (await listenersNamed('broken')).some((other) => other !== pid))
    await lease.release()
    await next
    await Promise.all([locks.close(), holder.close?.()])
  })

  it('listens on one connection, where sessions of the role may not be silent for long', async () => {
    const role = `${schema}_impatient`
    await pool.query(`create role ${role} login; alter role ${role} set idle_session_timeout = '300ms'`)
    const address = new URL(url)
    address.username = role
    const listen = () => new pg.Client({ connectionString: address.href, application_name: 'impatient' })
    const [holder, locks] = [
      createLocks(rowsNamed('leisurely')),
      createLocks(postgresRowsBackend({ pool, schema, listen })),
    ]
    const lease = await holder.named('impatient').acquire({ ttlMs: MINUTE_MS })
    const next = locks.named('impatient').acquire()
    await until('it listens', async () => (await listenersNamed('impatient')).length === 1)
    const before = await listenersNamed('impatient')
    await pool.query('select pg_sleep(0.6)')
    expect(await listenersNamed('impatient')).toEqual(before)
    await lease.release()
    await next
    await Promise.all([holder.close(), locks.close()])
    await pool.query(`drop role ${role}`)
  })

  it('is over with the locks, where the network swallows everything: no connection is left', async () => {
    await using proxy = await TcpProxy.open(database.server)
    const clients: pg.Client[] = []
    const listen = () => {
      const client = new pg.Client(proxy.through(url))
      clients.push(client)
      return client
    }
    const [holder, heard, unheard] = [
      createLocks(rowsNamed('holder')),
      createLocks(postgresRowsBackend({ pool, schema, listen })),
      createLocks(postgresRowsBackend({ pool, schema, listen })),
    ]
    const lease = await holder.named('swallowed').acquire({ ttlMs: MINUTE_MS })
    const enough = new AbortController()
    const waiting = heard.named('swallowed').acquire({ signal: enough.signal })
    await until('it waits', () => isAwaited('swallowed'))
    proxy.swallow('requests')
    proxy.swallow('replies')
    const inVain = expect(waiting).rejects.toThrow('enough')
    enough.abort(new Error('enough'))
    await inVain
    const tooMuch = new AbortController()
    const unheardOf = expect(unheard.named('swallowed').acquire({ signal: tooMuch.signal })).rejects.toThrow('too much')
    await until('it connects', () => clients.length === 2)
    tooMuch.abort(new Error('too much'))
    await unheardOf
    expect(await heard.close()).toMatchObject({ backendError: undefined })
    expect(await unheard.close()).toMatchObject({ backendError: undefined })
    const streams = clients.map((client) => (client as unknown as { connection: { stream: Socket } }).connection.stream)
    expect(streams.map(({ destroyed }) => destroyed)).toEqual([true, true])
    await lease.release()
    await holder.close()
  })

  it('uses one connection, however many keys are awaited', async () => {
    const holder = createLocks(rowsNamed('of many'))
    const locks = createLocks(rowsNamed('for many'))
    const keys = Array.from({ length: 50 }, (_, index) => `many ${index}`)
    const leases = await allOf(holder, keys).acquire()
    const waiting = keys.map((key) => locks.named(key).acquire())
    for (const key of keys) await until('it waits', () => isAwaited(key))
    expect(await listenersNamed('for many')).toHaveLength(1)
    await leases.release()
    await Promise.all(waiting)
    await Promise.all([locks.close(), holder.close()])
    await until('the connection is closed', async () => (await listenersNamed('for many')).length === 0)
  })

  it('is announced only where somebody waits', async () => {
    const heard: (string | undefined)[] = []
    const listener = new pg.Client(url)
    await listener.connect()
    listener.on('notification', ({ payload }) => heard.push(payload))
    await listener.query(`listen "${channel}"`)
    const backend = rowsNamed('announcer')
    const held = [claimOn('lonely'), claimOn('wanted')]
    await backend.tryAcquireAll?.(held, terms(MINUTE_MS))
    const wanting = claimOn('wanted')
    const turn = backend.waitForTurn?.(wanting, terms(MINUTE_MS), AbortSignal.timeout(MINUTE_MS))
    await until('it waits', () => isAwaited('wanted'))
    for (const claim of held) expect(await backend.release(claim)).toBe(true)
    await turn
    await until('the release is heard', () => heard.length > 0)
    expect(heard).toEqual([expect.stringMatching(/^\+ [0-9a-f]{64} [\d.]+ 1500 \d+ wanted$/)])
    expect(heard[0]).not.toContain(wanting.holder)
    await Promise.all([listener.end(), backend.close?.()])
  })

  it('brings the key to who is first in line, in the trip of the release, for a time that a renewal makes whole', async () => {
    const [holder, waiter] = [rowsNamed('giver'), rowsNamed('taker')]
    const held = claimOn('a key with blanks')
    const grant = await holder.tryAcquire(held, terms(MINUTE_MS))
    const first = { ...claimOn(held.key), ...terms(MINUTE_MS), metadata: '"first"' }
    const second = { ...claimOn(held.key), ...terms(MINUTE_MS) }
    const { signal } = new AbortController()
    const turns = []
    for (const [index, claim] of [first, second].entries()) {
      turns.push(waiter.waitForTurn?.(claim, claim, signal))
      const stands = `select from ${schema}.lease_line where key = $1`
      await until('it stands', async () => (await pool.query(stands, [held.key])).rowCount === index + 1)
    }
    const beforeMs = performance.now()
    expect(await holder.release(held)).toBe(true)
    const brought = await turns[0]
    expect(brought).toMatchObject({ granted: true, ttlMs: 1500, since: expect.anything() })
    expect(brought?.since?.monotonicMs).toBeGreaterThan(beforeMs - 1000)
    expect(brought?.since?.monotonicMs).toBeLessThanOrEqual(performance.now())
    expect(brought?.fencingToken).toBeGreaterThan(grant.granted ? grant.fencingToken : 0n)
    const [shown] = (await holder.inspect?.(held.key)) ?? []
    expect(shown).toMatchObject({ fencingToken: brought?.fencingToken, metadata: '"first"' })
    expect(await waiter.renew([first])).toMatchObject([{ ttlMs: MINUTE_MS }])
    expect(await holder.tryAcquire(claimOn(held.key), terms(1))).toMatchObject({ granted: false })
    await waiter.release(first)
    expect(await turns[1]).toMatchObject({ granted: true })
    await Promise.all([holder.close?.(), waiter.close?.()])
  })

  it('brings nothing that is not on disk, and a release alone does not wait for the disk', async () => {
    const holder = rowsNamed('durable')
    const client = await pool.connect()
    const released = async (key: string) => {
      const held = claimOn(key)
      await holder.tryAcquire(held, terms(MINUTE_MS))
      const waiting = `select ${schema}.await_place($1, 'x', 'whole', null, null, 60000, null, 60000)`
      if (key === 'awaited') await client.query(waiting, [key])
      await client.query('begin; set local synchronous_commit = remote_write')
      await client.query(`select ${schema}.release($1, $2)`, [key, held.holder])
      const { rows } = await client.query('show synchronous_commit')
      await client.query('rollback')
      return rows[0].synchronous_commit
    }
    expect(await released('alone')).toBe('off')
    expect(await released('awaited')).toBe('remote_write')
    client.release()
    await holder.close?.()
  })

  it('is not offered without a way to listen: the engine polls', async () => {
    const backend = postgresRowsBackend({ pool, schema })
    expect(backend.waitForTurn).toBeUndefined()
    const locks = createLocks(backend)
    const lease = await locks.named('polled').acquire()
    const next = createLocks(postgresRowsBackend({ pool, schema })).named('polled').acquire()
    await lease.release()
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
  })

  it('tells that listening failed, and polls', async () => {
    const locks = createLocks(rowsNamed('holder of polled'))
    const lease = await locks.named('unheard').acquire()
    const failures: string[] = []
    const backend = postgresRowsBackend({ pool, schema, listen: () => new pg.Client({ host: '127.0.0.1', port: 1 }) })
    const others = createLocks(backend, {
      pollMs: 50,
      onEvent: (event) => event.type === 'backend-error' && failures.push(event.operation),
    })
    const next = others.named('unheard').acquire()
    await until('the failure is told', () => failures.includes('wait'))
    await lease.release()
    await next
    await Promise.all([locks.close(), others.close()])
  })

  it('tells that it cannot listen through a transaction pooler, where nothing would be heard', async () => {
    const pooler = await startPgBouncer({ postgres: database.server })
    const holder = createLocks(rowsNamed('in front of the pooler'))
    const lease = await holder.named('pooled').acquire()
    const failures: string[] = []
    const listen = () => new pg.Client(pooler.url)
    const locks = createLocks(postgresRowsBackend({ pool, schema, listen }), {
      pollMs: 50,
      onEvent: (event) => event.type === 'backend-error' && failures.push(event.error.message),
    })
    const next = locks.named('pooled').acquire()
    await until('it is told', () => failures.some((message) => message.includes('straight to Postgres')))
    await lease.release()
    await next
    await Promise.all([holder.close(), locks.close()])
    await pooler.stop()
  })
})
