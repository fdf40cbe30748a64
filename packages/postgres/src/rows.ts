import type { Claim, Contended, Grant, LockBackend } from '@leasehold/core'
import { LONGEST_TIMER_MS } from './longest-timer.ts'
import type { PostgresListenClient, PostgresPool, PostgresRow } from './postgres-shapes.ts'
import { classifyPostgresError, explained } from './refusals.ts'
import { channelOf, quotedSchema } from './schema-name.ts'
import { Statements } from './statements.ts'
import { Turns } from './turns.ts'
import { waitForTurn } from './wait-for-turn.ts'

export interface PostgresRowsBackendOptions {
  /** Yours: it is used, never ended. PgBouncer in transaction mode may stand behind it. Give it an `error` listener, as `pg` asks for. */
  readonly pool: PostgresPool
  /** Where `migrate` or `leasehold-postgres schema` put tables and functions. Default `leasehold`. */
  readonly schema?: string
  /**
   * Makes a client that is not connected yet, straight to the server, such as `() => new pg.Client(url)`: those who wait are
   * then woken by the release. One connection per process, opened at the first wait. Without it they poll.
   */
  readonly listen?: () => PostgresListenClient
  /** When to give up on a statement and end its connection, in milliseconds: not less than the engine's `requestTimeoutMs`. Default 5000. */
  readonly statementTimeoutMs?: number
}

/**
 * Locks as rows, on the server's clock. *Exclusion of valid leases* on one primary whose clock does not jump; *fenced safety*
 * otherwise, as long as committed transactions survive.
 */
export function postgresRowsBackend({
  pool,
  schema,
  listen,
  statementTimeoutMs = 5000,
}: PostgresRowsBackendOptions): LockBackend {
  const quoted = quotedSchema(schema)
  assertPool(pool)
  assertTimeout(statementTimeoutMs)
  const statements = new Statements(pool, statementTimeoutMs)
  const turns = listen && new Turns(listen, channelOf(quoted))
  const { table, value } = calls(statements, quoted)

  const backend: LockBackend = {
    name: 'postgres-rows',
    capabilities: { fifo: false, handOff: true, survivesRestart: true, slackMs: 0, minTtlMs: 1 },
    async tryAcquire({ key, holder }, { ttlMs, metadata }) {
      return acquired(await value('try_acquire($1, $2, $3, $4)', key, holder, ttlMs, metadata ?? null))
    },
    async release({ key, holder }) {
      return (await value('release($1, $2)', key, holder)) === true
    },
    ...manyAtOnce(table),
    async inspect(key) {
      const rows = await table('inspect($1)', key)
      return rows.map((row) => {
        const { fencingToken, ttlMs: remainingMs } = grantOf(row)
        return { fencingToken, remainingMs, metadata: (row['metadata'] as string | null) ?? undefined }
      })
    },
    classifyError: classifyPostgresError,
    async close() {
      statements.close()
      await turns?.close()
    },
  }
  if (turns === undefined) return backend
  const mark = async (key: string): Promise<boolean> => (await value('await_turn($1)', key)) === true
  return { ...backend, waitForTurn: ({ key }, _, signal) => waitForTurn(turns, mark, key, signal) }
}

/** What is one statement for any number of claims, whose rows are named in arrays. */
function manyAtOnce(table: Table): Pick<LockBackend, 'tryAcquireAll' | 'renew' | 'releaseAll'> {
  return {
    async tryAcquireAll(claims, { ttlMs, metadata }) {
      const rows = await table('try_acquire_all($1, $2, $3, $4)', ...columns(claims), ttlMs, metadata ?? null)
      const [first] = rows
      if (first?.['place'] === null) return { granted: false, remainingMs: Number(first['remaining_ms']) }
      return rows.map(grantOf)
    },
    async renew(renewals) {
      const ttlsMs = renewals.map(({ ttlMs }) => ttlMs)
      const rows = await table('renew_all($1, $2, $3)', ...columns(renewals), ttlsMs)
      const renewed = new Map(rows.map((row) => [row['place'], row]))
      return renewals.map((_, index) => {
        const row = renewed.get(index + 1)
        return row === undefined ? 'gone' : grantOf(row)
      })
    },
    async releaseAll(claims) {
      const rows = await table('release_all($1, $2)', ...columns(claims))
      const ended = new Set(rows.map((row) => row['place']))
      return claims.map((_, index) => ended.has(index + 1))
    },
  }
}

type Table = (call: string, ...values: unknown[]) => Promise<readonly PostgresRow[]>

/** How functions of the schema are called. */
function calls(statements: Statements, quoted: string) {
  const run = (text: string, values: unknown[]): Promise<readonly PostgresRow[]> =>
    statements.run(text, values).catch((error: unknown) => {
      throw explained(error, quoted)
    })
  return {
    table: (call: string, ...values: unknown[]) => run(`select * from ${quoted}.${call}`, values),
    /** Costs both sides less than a table of one row. */
    async value(call: string, ...values: unknown[]): Promise<unknown> {
      return only(await run(`select ${quoted}.${call} as value`, values))['value']
    },
  }
}

/** A record as text: whether it is granted, how long that remains so in milliseconds, the token. */
function acquired(record: unknown): Grant | Contended {
  const [granted, remaining_ms, fencing_token] = String(record).slice(1, -1).split(',')
  return granted === 't'
    ? grantOf({ remaining_ms, fencing_token })
    : { granted: false, remainingMs: Number(remaining_ms) }
}

function assertPool(pool: unknown): void {
  if (typeof (pool as Partial<PostgresPool> | undefined)?.connect !== 'function') {
    throw new TypeError('pool must be a pool of pg, or have its connect()')
  }
}

function assertTimeout(statementTimeoutMs: number): void {
  if (statementTimeoutMs >= 1 && statementTimeoutMs <= LONGEST_TIMER_MS) return
  throw new RangeError(
    `statementTimeoutMs must be a number from 1 to ${LONGEST_TIMER_MS}; got ${String(statementTimeoutMs)}`,
  )
}

const columns = (claims: readonly Claim[]): [string[], string[]] => [
  claims.map(({ key }) => key),
  claims.map(({ holder }) => holder),
]

const grantOf = (row: PostgresRow): Grant => ({
  granted: true,
  ttlMs: Number(row['remaining_ms']),
  fencingToken: BigInt(String(row['fencing_token'])),
})

function only([row]: readonly PostgresRow[]): PostgresRow {
  if (row === undefined) throw new Error('Postgres answered without a row')
  return row
}
