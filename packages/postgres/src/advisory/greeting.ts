import { LeaseholdError } from '@leasehold/core'
import { AS_TEXT, isTrue } from '../answers.ts'
import { placeOf } from '../place.ts'
import type { PostgresRow, PostgresSessionClient } from '../postgres-shapes.ts'
import { explained, READ_ONLY } from '../refusals.ts'
import type { HeldLimit } from './lock-room.ts'
import { SERVER_MS, ServerClock } from './server-clock.ts'

/** The first with `idle_session_timeout`, by which the server ends a session that has fallen silent. */
const OLDEST_VERSION = 140_000

/** What a session is for, and what stands between. */
export interface Wishes {
  /** It will be blocked for long. */
  readonly waits: boolean
  /** A pooler that lends a session to one client for as long as that is connected; it is not asked who it is. */
  readonly isPooled: boolean
  readonly limit: HeldLimit
}

/** What a fresh session said of itself. */
export interface Greeting {
  /** The process of the server. */
  readonly pid: number
  readonly clock: ServerClock
  /** From one token of the sequence to the next. */
  readonly tokenStep: bigint
}

const WHO = `
  select pg_backend_pid() as pid, current_setting('server_version_num')::int as version,
    current_setting('server_version') as version_name, version() as product, pg_is_in_recovery() as standby,
    ${SERVER_MS} as server_ms`

/** Durable tokens, and no other limits of time than those that are set here. To `transaction_timeout`, of Postgres 17 and newer, a wait is a transaction. */
const SETTINGS = `
  select set_config('idle_session_timeout', '0', false), set_config('statement_timeout', '0', false),
    set_config('lock_timeout', '0', false), set_config('tcp_keepalives_interval', '1', false),
    set_config('default_transaction_isolation', 'read committed', false),
    set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'local'
      else current_setting('synchronous_commit') end, false),
    (select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout')`

/** A client that is dead while its session is blocked is noticed. Servers on systems that cannot watch sockets refuse it, and notice one when it is its turn. */
const WATCHED = `select set_config('client_connection_check_interval', '500ms', false)`

/** Makes a fresh connection fit for locks, or throws `BACKEND_REFUSED` where it cannot be. */
export async function greet(client: PostgresSessionClient, schema: string, wishes: Wishes): Promise<Greeting> {
  const clock = new ServerClock()
  const askedMs = performance.now()
  const { rows } = await client.query({ text: WHO, types: AS_TEXT })
  const who = rows[0] ?? {}
  clock.read(Number(who['server_ms']), askedMs)
  const pid = Number(who['pid'])
  if (!wishes.isPooled) assertDirect(client.processID, pid)
  assertFit(who)
  await client.query({ text: SETTINGS })
  if (wishes.waits) await client.query({ text: WATCHED }).catch(() => {})
  const drawn = await client.query({ text: burnt(schema), types: AS_TEXT }).catch((error: unknown) => {
    throw explained(error, schema)
  })
  await wishes.limit.learn(client)
  return { pid, clock, tokenStep: BigInt(String(drawn.rows[0]?.['step'])) }
}

/**
 * Whoever comes first draws tokens and throws them away; whoever comes while it is connected finds its mark, a shared lock, and adds one of its own. A crash ends all of them.
 *
 * Postgres answers a `nextval` before the value is on disk, where another transaction has logged it and still waits for the disk; after a crash it would be given out again. Each session that waits has logged 33 values at
 * most, and there are `max_connections` of them: twice as many are thrown away, since that may have been greater before the crash. The lock of the transaction is held until what was drawn is on disk, and nobody draws meanwhile.
 */
function burnt(schema: string): string {
  const mark = lockOf(`burnt:${schema}`)
  const drawn = `select max(nextval('${schema}.fencing_tokens')) from generate_series(1, 66 * greatest(16, current_setting('max_connections')::int))`
  return `select pg_advisory_xact_lock(${lockOf(`burning:${schema}`)})::text || case when pg_try_advisory_lock(${mark})
    then (${drawn})::text || pg_advisory_lock_shared(${mark})::text || pg_advisory_unlock(${mark})::text
    else pg_advisory_lock_shared(${mark})::text end as burnt,
    (select seqincrement from pg_sequence where seqrelid = '${schema}.fencing_tokens'::regclass) as step`
}

/** Two numbers: keys of leases are one, of twice the size. */
function lockOf(name: string): string {
  const place = placeOf(name)
  return `'${BigInt.asIntN(32, place >> BigInt(32))}'::int, '${BigInt.asIntN(32, place)}'::int`
}

/** A transaction pooler makes up the process id that it tells, and lends the same session to others: two clients would hold one lock. Other poolers, and other proxies, make it up, too. */
function assertDirect(told: unknown, pid: number): void {
  if (told === pid) return
  const word = '`sessionPooler: true` if every connection keeps its session'
  if (typeof told !== 'number') {
    throw refused(
      `the client does not tell its processID, by which a connection pooler between would be noticed: take the JavaScript client of pg, or say ${word}`,
    )
  }
  throw refused(
    `a connection pooler stands between: session locks need a connection straight to Postgres. Use its direct address, or postgresRowsBackend, which works through poolers; or say ${word}`,
  )
}

function assertFit({ version, version_name, product, standby }: PostgresRow): void {
  // It passes for Postgres 18, and answers that whoever asks has the lock: https://www.cockroachlabs.com/docs/v25.4/postgresql-compatibility
  if (String(product).includes('CockroachDB')) {
    throw refused('session locks need Postgres: on CockroachDB, the functions for them lock nothing')
  }
  if (Number(version) < OLDEST_VERSION) {
    throw refused(`session locks need Postgres 14 or newer; this is ${String(version_name)}`)
  }
  // It may be promoted, or the address may lead elsewhere soon: that is waited for by those who wait.
  if (isTrue(standby)) throw explained({ code: READ_ONLY }, '')
}

const refused = (message: string): LeaseholdError => new LeaseholdError('BACKEND_REFUSED', message)
