import {
  Attachment,
  type Claim,
  type Contended,
  type Grant,
  type LockBackend,
  type Share,
  type Terms,
} from '@leasehold/core'
import { assertFunction, assertPoolOrQuery, assertRowsOptions, newClients } from './arguments.ts'
import { batches } from './batches.ts'
import { answerOf, asked, type Calls, callsOf, only } from './calls.ts'
import { Line, SLACK_MS } from './line.ts'
import { Listening } from './listening.ts'
import { LONGEST_TIMER_MS } from './longest-timer.ts'
import { OneTurn } from './one-turn.ts'
import { operators } from './operators.ts'
import { PoolClients } from './pool-clients.ts'
import type { PostgresListenClient, PostgresPool } from './postgres-shapes.ts'
import { type PostgresQuery, QueryStatements } from './query-statements.ts'
import { classifyPostgresError } from './refusals.ts'
import { channelOf, quotedSchema } from './schema-name.ts'
import { Statements } from './statements.ts'
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
  const core = new Attachment()
  const line = listen && new Line(calls, channelOf(quoted), core.clock)
  const listening = line && new Listening(newClients(listen, 'listen'), line)
  const oneTurn = new OneTurn(calls)
  const many = batches(calls)

  const backend: LockBackend = {
    name: 'postgres-rows',
    capabilities: { fifo: false, handOff: true, survivesRestart: true, slackMs: 0, minTtlMs: 1 },
    tryAcquire: (claim, terms) =>
      claim.share ? takePart(calls, claim, claim.share, terms) : oneTurn.tryAcquire(claim, terms),
    release(claim) {
      line?.released(claim)
      return oneTurn.release(claim)
    },
    ...many,
    releaseAll(claims) {
      for (const claim of claims) line?.released(claim)
      return many.releaseAll(claims)
    },
    ...operators(calls),
    classifyError: classifyPostgresError,
    async close() {
      line?.close()
      statements.close()
      await listening?.close()
    },
  }
  if (!listening) return backend
  return {
    ...backend,
    // Who waits stands in line, and is called. One that has died may be at its head.
    capabilities: { ...backend.capabilities, fifo: true, slackMs: SLACK_MS, shares: ['shared', 'permits'] },
    attach: (to) => core.attach(to),
    waitForTurn: (claim, terms, signal) => waitForTurn(listening, line, { ...claim, ...terms }, signal),
  }
}

async function takePart(
  { table }: Calls,
  { key, holder }: Claim,
  share: Share,
  { ttlMs, metadata }: Terms,
): Promise<Grant | Contended> {
  const values = [key, holder, ttlMs, metadata ?? null, ...asked(share)]
  return answerOf(only(await table('take_share($1, $2, $3, $4, $5, $6, $7)', ...values)), share)
}

function assertTimeout(statementTimeoutMs: number): void {
  if (statementTimeoutMs >= 1 && statementTimeoutMs <= LONGEST_TIMER_MS) return
  throw new RangeError(
    `statementTimeoutMs must be a number from 1 to ${LONGEST_TIMER_MS}; got ${String(statementTimeoutMs)}`,
  )
}
