import type { Statement } from './connection.ts'

/** How long one wait may block in one go: while it does, the server cannot clean up what was deleted meanwhile. */
const TURN_MS = 30_000

export interface Statements {
  /** Place, timeout. `granted`: the timeout in force and the token, or null. */
  readonly lock: Statement
  /** Place, timeout. As `lock`, for a place that is taken. */
  readonly confirm: Statement
  /** Place, timeout or nothing, presence. */
  readonly unlock: Statement
  /** Place. */
  readonly unlockOnly: Statement
  /** Timeout. */
  readonly relax: Statement
  /** Timeout. As `relax`, for a session that is going to wait. */
  readonly brief: Statement
  /** Place. Blocks until it is granted. */
  readonly wait: Statement
  /** Process id. */
  readonly interrupt: Statement
  readonly beat: Statement
}

/** Within a session everything is evaluated from left to right, and what is done to a session lock stays done if the rest fails. */
export const statements = (schema: string, channel: string): Statements => ({
  lock: {
    name: 'leasehold_lock',
    // The token is drawn when the place is taken. The timeout is set only then: a session that holds nothing may be silent.
    text: `select case when pg_try_advisory_lock($1::bigint)
      then set_config('idle_session_timeout', $2, false) || ' ' || nextval('${schema}.fencing_tokens') end as granted, $3::int as serial`,
  },
  confirm: {
    name: 'leasehold_confirm',
    text: `select set_config('idle_session_timeout', $2, false) || ' ' || nextval('${schema}.fencing_tokens') as granted,
      $1::bigint as place, $3::int as serial`,
  },
  unlock: {
    name: 'leasehold_unlock',
    // Whoever waits shares the lock on the presence: told of where there is somebody, since every notification locks the database at commit.
    text: `select pg_advisory_unlock($1::bigint) as ended,
      case when $2 <> '' then set_config('idle_session_timeout', $2, false) end,
      case when not pg_try_advisory_xact_lock($3::bigint) then pg_notify('${channel}', $1::bigint::text) end,
      $4::int as serial`,
  },
  unlockOnly: {
    name: 'leasehold_unlock_only',
    text: 'select pg_advisory_unlock($1::bigint) as ended, $2::int as serial',
  },
  relax: {
    name: 'leasehold_relax',
    text: `select set_config('idle_session_timeout', $1, false), $2::int as serial`,
  },
  brief: {
    name: 'leasehold_brief',
    text: `select set_config('idle_session_timeout', $1, false), set_config('lock_timeout', '${TURN_MS}', false), $2::int as serial`,
  },
  wait: { name: 'leasehold_wait', text: 'select pg_advisory_lock($1::bigint), $2::int as serial' },
  interrupt: {
    name: 'leasehold_interrupt',
    text: `select count(pg_cancel_backend(pid)), $2::int as serial from pg_stat_activity
      where pid = $1::int and wait_event_type = 'Lock' and wait_event = 'advisory'`,
  },
  beat: { name: 'leasehold_beat', text: 'select $1::int as serial' },
})

/** Held together by those who wait for the place, so that a release can see whether there are any. */
export const presenceOf = (place: bigint): bigint => ~place
