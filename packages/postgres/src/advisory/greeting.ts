import { LeaseholdError } from '@leasehold/core'
import type { PostgresRow, PostgresSessionClient } from '../postgres-shapes.ts'
import { explained } from '../refusals.ts'

/** The first with `idle_session_timeout`, by which the server ends a session that has fallen silent. */
const OLDEST_VERSION = 140_000

/**
 * Tokens that are drawn and thrown away. Postgres answers a `nextval` before the value is on disk, where another transaction has logged it and
 * still waits for the disk; after a crash it would be given out again. Far more than can be drawn while the disk is waited for.
 */
const BURNT_TOKENS = 1000

const WHO = `
  select pg_backend_pid() as pid, current_setting('server_version_num')::int as version,
    current_setting('server_version') as version_name, pg_is_in_recovery() as standby`

/** Durable tokens, and no other limits of time than those that are set here. To `transaction_timeout`, of Postgres 17 and newer, a wait is a transaction. */
const SETTINGS = `
  select set_config('idle_session_timeout', '0', false), set_config('statement_timeout', '0', false),
    set_config('lock_timeout', '0', false),
    set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'local'
      else current_setting('synchronous_commit') end, false),
    (select set_config(name, '0', false) from pg_settings where name = 'transaction_timeout')`

/** Makes a fresh connection fit for locks, or throws `BACKEND_REFUSED` where it cannot be. */
export async function greet(client: PostgresSessionClient, schema: string): Promise<void> {
  const { rows } = await client.query({ text: WHO })
  assertFit(rows[0] ?? {}, client.processID)
  await client.query({ text: SETTINGS })
  // Servers on systems that cannot watch sockets refuse it, and notice a dead client that waits only when it is its turn.
  await client.query({ text: `select set_config('client_connection_check_interval', '500ms', false)` }).catch(() => {})
  const burn = `select max(nextval('${schema}.fencing_tokens')) from generate_series(1, ${BURNT_TOKENS})`
  await client.query({ text: burn }).catch((error: unknown) => {
    throw explained(error, schema)
  })
}

function assertFit({ pid, version, version_name, standby }: PostgresRow, told: number | null | undefined): void {
  // A transaction pooler makes up the process id that it tells, and lends the same session to others: two clients would hold one lock.
  if (told !== Number(pid)) {
    throw refused(
      'a connection pooler stands between: session locks need a connection straight to Postgres. Use its direct address, or postgresRowsBackend, which works through poolers',
    )
  }
  if (Number(version) < OLDEST_VERSION) {
    throw refused(`session locks need Postgres 14 or newer; this is ${String(version_name)}`)
  }
  if (standby === true) throw refused('the server is read-only, a standby: locks need the primary')
}

const refused = (message: string): LeaseholdError => new LeaseholdError('BACKEND_REFUSED', message)
