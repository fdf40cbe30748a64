import type { Claim, Contended, Grant, LockBackend, Renewal, Share, Terms } from '@leasehold/core'
import { answerOf, asked, type Calls, callsOf, columns, grantOf, only } from './calls.ts'
import { Line } from './line.ts'
import { LONGEST_TIMER_MS } from './longest-timer.ts'
import { operators } from './operators.ts'
import type { PostgresListenClient, PostgresPool, PostgresRow } from './postgres-shapes.ts'
import { classifyPostgresError } from './refusals.ts'
import { channelOf, lineChannelOf, quotedSchema } from './schema-name.ts'
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
  const calls = callsOf(statements, quoted)
  const line = listen && new Line(calls, lineChannelOf(quoted))
  const turns = listen && new Turns(listen, channelOf(quoted), line)
  const { value } = calls

  const backend: LockBackend = {
    name: 'postgres-rows',
    capabilities: { fifo: false, handOff: true, survivesRestart: true, slackMs: 0, minTtlMs: 1 },
    async tryAcquire(claim, terms) {
      if (claim.share) return takePart(calls, claim, claim.share, terms)
      const { key, holder } = claim
      const { ttlMs, metadata } = terms
      return acquired(await value('try_acquire($1, $2, $3, $4)', key, holder, ttlMs, metadata ?? null))
    },
    async release({ key, holder }) {
      return (await value('release($1, $2)', key, holder)) === true
    },
    ...manyAtOnce(calls),
    ...operators(calls),
    classifyError: classifyPostgresError,
    async close() {
      line?.close()
      statements.close()
      await turns?.close()
    },
  }
  if (!turns || !line) return backend
  return {
    ...backend,
    // Who waits for a part stands in line, and is called.
    capabilities: { ...backend.capabilities, shares: ['shared', 'permits'] },
    waitForTurn: (claim, _, signal) => waitForTurn(turns, line, claim, signal),
  }
}

async function takePart(
  { table }: Calls,
  { key, holder }: Claim,
  share: Share,
  { ttlMs, metadata }: Terms,
): Promise<Grant | Contended> {
  const values = [key, holder, ttlMs, metadata ?? null, ...asked(share)]
  return answerOf(only(await table('take_part($1, $2, $3, $4, $5, $6, $7)', ...values)), share)
}

/** What is one statement for any number of claims, whose rows are named in arrays. */
function manyAtOnce({ table }: Calls): Pick<LockBackend, 'tryAcquireAll' | 'renew' | 'releaseAll'> {
  return {
    async tryAcquireAll(claims, { ttlMs, metadata }) {
      const rows = await table('try_acquire_all($1, $2, $3, $4)', ...columns(claims), ttlMs, metadata ?? null)
      const [first] = rows
      if (first?.['place'] === null) return { granted: false, remainingMs: Number(first['remaining_ms']) }
      return rows.map((row) => grantOf(row))
    },
    async renew(renewals) {
      const ttlsMs = renewals.map(({ ttlMs }) => ttlMs)
      const rows = await table('renew_holds($1, $2, $3)', ...columns(renewals), ttlsMs)
      const answers = new Map(rows.map((row) => [row['place'], row]))
      return renewals.map(({ share }, index) => renewalOf(answers.get(index + 1), share))
    },
    async releaseAll(claims) {
      const rows = await table('release_all($1, $2)', ...columns(claims))
      const ended = new Set(rows.map((row) => row['place']))
      return claims.map((_, index) => ended.has(index + 1))
    },
  }
}

/** Of a hold whose slots are these. */
const kindOf = (slots: unknown): Share['kind'] | undefined => {
  if (slots === null) return undefined
  return slots === '' ? 'shared' : 'permits'
}

function renewalOf(row: PostgresRow | undefined, share: Share | undefined): Renewal {
  if (row === undefined) return 'gone'
  if (row['fencing_token'] === null) return `gone: ${String(row['why'])}`
  // For another kind than it has, it is nobody's.
  return kindOf(row['slots']) === share?.kind ? grantOf(row, share) : 'gone'
}

/** A record as text: whether it is granted, how long that remains so in milliseconds, the token. */
function acquired(record: unknown): Grant | Contended {
  const [granted, remaining_ms, fencing_token] = String(record).slice(1, -1).split(',')
  return answerOf({ granted: granted === 't', remaining_ms: remaining_ms || null, fencing_token })
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
