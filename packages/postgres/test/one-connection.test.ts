import pg from 'pg'
import { afterAll, describe, expect, it } from 'vitest'
import { fence, type PostgresRow, withTransactionLock } from '../src/index.ts'
import { openDatabase } from './database.ts'

const database = await openDatabase()
const { pool, schema } = database
afterAll(database.stop)

/** As far as the compiler is asked. */
type Takes<Client> = [
  Client extends Parameters<typeof withTransactionLock>[0] ? true : false,
  Client extends Parameters<typeof fence>[0] ? true : false,
]

interface Querying {
  query(text: string, values?: unknown[]): Promise<{ rows: PostgresRow[] }>
}

/** What another library may make of it: it answers with rows, and knows nothing of transactions. */
const plain = (client: Querying): Querying => ({
  query: async (text, values) => ({ rows: (await client.query(text, values)).rows }),
})

/** As a database that is reached by HTTP. */
const connectingForEach: Querying = {
  async query(text, values) {
    const client = await pool.connect()
    try {
      return await client.query(text, values)
    } finally {
      client.release(true)
    }
  },
}

async function onLoan(use: (client: pg.PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect()
  try {
    await use(client)
  } finally {
    client.release(true)
  }
}

const guarded = async (resource: string) =>
  (await pool.query(`select from ${schema}.fences where resource = $1`, [resource])).rowCount

describe('a pool in place of a client', () => {
  it('is refused by the compiler', () => {
    const pools: Takes<pg.Pool> = [false, false]
    const clients: Takes<pg.Client | pg.PoolClient> = [true, true]
    expect([pools, clients]).toEqual([
      [false, false],
      [true, true],
    ])
  })

  it('is refused before anything is sent', async () => {
    const nowhere = new pg.Pool({ host: '127.0.0.1', port: 1 }) as unknown as pg.Client
    const work = () => expect.fail('the work began')
    for (const client of [nowhere, undefined as never, {} as never]) {
      await expect(withTransactionLock(client, 'a', work)).rejects.toThrow(TypeError)
      await expect(fence(client, 'a', 1n)).rejects.toThrow(TypeError)
    }
  })

  it('that gives each statement a connection of its own is found out, whatever it looks like', async () => {
    const work = () => expect.fail('the work began')
    for (const waitMs of [0, 1000])
      await expect(withTransactionLock(connectingForEach, 'b', work, { waitMs })).rejects.toThrow('one connection')
    await expect(fence(connectingForEach, 'b', 1n, { schema })).rejects.toThrow('one connection')
    expect(await guarded('b')).toBe(0)
  })

  it('that shares its connections among all is told in time: of work that succeeds, none overlaps', async () => {
    const sharing = plain(database.openPool({ max: 5 }))
    const times: [number, number][] = []
    const run = async () => {
      let beganMs = 0
      let endedMs = 0
      await withTransactionLock(
        sharing,
        'c',
        async (client) => {
          beganMs = performance.now()
          await client.query('select pg_sleep(0.005)')
          endedMs = performance.now()
        },
        { waitMs: 50 },
      )
      times.push([beganMs, endedMs])
    }
    const outcomes = await Promise.allSettled(Array.from({ length: 60 }, run))
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true)
    const overlaps = times
      .sort(([one], [other]) => one - other)
      .filter(([beganMs], index) => beganMs < (times[index - 1]?.[1] ?? 0))
    expect(overlaps).toEqual([])
  })
})

describe('a client of a library that knows nothing of transactions', () => {
  it('takes the lock, and fences, in one', () =>
    onLoan(async (client) => {
      const result = await withTransactionLock(plain(client), 'd', async (same) => {
        await fence(same, 'd', 1n, { schema })
        await fence(same, 'd and more', 1n, { schema })
        await expect(onLoan((other) => withTransactionLock(plain(other), 'd', async () => {}))).rejects.toThrow(
          'granted',
        )
        return 'done'
      })
      expect([result, await guarded('d')]).toEqual(['done', 1])
    }))

  it('is refused while it is in a transaction', () =>
    onLoan(async (client) => {
      await client.query('begin')
      await expect(withTransactionLock(plain(client), 'e', async () => {})).rejects.toThrow('in a transaction already')
    }))

  it('does not take work for done that the server rolled back', () =>
    onLoan(async (client) => {
      const work = withTransactionLock(plain(client), 'f', async (same) => {
        await fence(same, 'f', 1n, { schema })
        await same.query('nonsense').catch(() => {})
      })
      await expect(work).rejects.toThrow('rolled back')
      expect(await guarded('f')).toBe(0)
    }))
})

describe('the transaction of the lock', () => {
  it('that the work ends by itself is told, and nothing more of it is kept', () =>
    onLoan(async (client) => {
      for (const [index, end] of [['commit'], ['commit', 'begin'], ['rollback', 'begin']].entries()) {
        const work = withTransactionLock(client, 'g', async () => {
          for (const statement of end) await client.query(statement)
          await client.query(`set application_name = 'ended ${index}'`)
        })
        await expect(work).rejects.toThrow('ended before the work was')
        expect(client.getTransactionStatus()).toBe('I')
      }
    }))

  it('is waited for longer than the statements of its role may take', () =>
    onLoan(async (client) => {
      await client.query(`set statement_timeout = '500ms'`)
      await onLoan((holder) =>
        withTransactionLock(holder, 'h', async () => {
          const waiting = withTransactionLock(client, 'h', async () => {}, { waitMs: 1500 })
          await expect(waiting).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
        }),
      )
      const shown = withTransactionLock(client, 'h', () => client.query('show statement_timeout'), { waitMs: 1000 })
      expect((await shown).rows).toEqual([{ statement_timeout: '500ms' }])
    }))
})

describe('the fence guard', () => {
  it('is refused outside of a transaction, where it would guard nothing', () =>
    onLoan(async (client) => {
      for (const each of [client, plain(client)])
        await expect(fence(each, 'i', 1n, { schema })).rejects.toThrow('in one transaction')
      expect(await guarded('i')).toBe(0)
    }))
})
