import type { Claim, Contended, Grant, LockBackend, Share, Terms } from '@leasehold/core'
import { isTrue } from './answers.ts'
import { assertFunction, assertPoolOrQuery, assertRowsOptions, newClients } from './arguments.ts'
import { batches } from './batches.ts'
import { answerOf, asked, type Calls, callsOf, only } from './calls.ts'
import { Line } from './line.ts'
import { LONGEST_TIMER_MS } from './longest-timer.ts'
import { operators } from './operators.ts'
import { PoolClients } from './pool-clients.ts'
import type { PostgresListenClient, PostgresPool } from './postgres-shapes.ts'
import { type PostgresQuery, QueryStatements } from './query-statements.ts'
import { classifyPostgresError } from './refusals.ts'
import { channelOf, lineChannelOf, quotedSchema } from './schema-name.ts'
import { Statements } from './statements.ts'
import { Turns } from './turns.ts'
import { waitForTurn } from './wait-for-turn.ts'

export type PostgresRowsBackendOptions = PostgresRowsSettings & (ByPool | ByQuery)

interface ByPool {
  /** Yours: it is used, never ended. PgBouncer in transaction mode may stand behind it. Give it an `error` listener, as `pg` asks for. */
  readonly pool: PostgresPool
  readonly query?: undefined
}

interface ByQuery {
  /** Instead of a pool of `pg`: one statement through any other library, such as `(text, values) => sql.unsafe(text, values)` of postgres.js. */
  readonly query: PostgresQuery
  readonly pool?: undefined
}

interface PostgresRowsSettings {
  /** Where `migrate` or `leasehold-postgres schema` put tables and functions. Default `leasehold`. */
  readonly schema?: string | undefined
  /**
   * Makes a client that is not connected yet, straight to the server, such as `() => new pg.Client(url)`: those who wait are
   * then woken by the release. One connection per process, opened at the first wait. Without it they poll.
   */
  readonly listen?: (() => PostgresListenClient) | undefined
  /** When to give up on a statement and end its connection, in milliseconds: not less than the engine's `requestTimeoutMs`. Default 5000. */
  readonly statementTimeoutMs?: number | undefined
}

/**
 * Locks as rows, on the server's clock. *Exclusion of valid leases* on one primary whose clock does not jump; *fenced safety*
 * otherwise, as long as committed transactions survive.
 */
export function postgresRowsBackend(options: PostgresRowsBackendOptions): LockBackend {
  assertRowsOptions(options)
  const { pool, query, schema, listen, statementTimeoutMs = 5000 } = options
  const quoted = quotedSchema(schema)
  assertPoolOrQuery(pool, query)
  assertFunction(listen, 'listen')
  assertTimeout(statementTimeoutMs)
  const statements = query
    ? new QueryStatements(query, statementTimeoutMs)
    : new Statements(new PoolClients(pool), statementTimeoutMs)
  const calls = callsOf(statements, quoted)
  const line = listen && new Line(calls, lineChannelOf(quoted))
  const turns = listen && new Turns(newClients(listen, 'listen'), channelOf(quoted), line)
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
      return isTrue(await value('release($1, $2)', key, holder))
    },
    ...batches(calls),
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

/** A record as text: whether it is granted, how long that remains so in milliseconds, the token. */
function acquired(record: unknown): Grant | Contended {
  const [granted, remaining_ms, fencing_token] = String(record).slice(1, -1).split(',')
  return answerOf({ granted, remaining_ms: remaining_ms || null, fencing_token })
}

function assertTimeout(statementTimeoutMs: number): void {
  if (statementTimeoutMs >= 1 && statementTimeoutMs <= LONGEST_TIMER_MS) return
  throw new RangeError(
    `statementTimeoutMs must be a number from 1 to ${LONGEST_TIMER_MS}; got ${String(statementTimeoutMs)}`,
  )
}
