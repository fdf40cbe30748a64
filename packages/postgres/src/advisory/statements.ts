import type { Statement } from './connection.ts'

/** How long one wait may block in one go: while it does, the server cannot clean up what was deleted meanwhile. */
export const TURN_MS = 30_000

export interface Statements {
  /** Place. Answers with the token at the end, or with nothing. */
  readonly lock: Statement
  /** Place, timeout. As `lock`, and sets the timeout if it is granted. */
  readonly lockAndTime: Statement
  /** Timeout. Sets it and answers with a token, for a place that is taken. */
  readonly confirm: Statement
  /** Place. Answers with whether it was locked. */
  readonly unlock: Statement
  /** Place, timeout. As `unlock`, and sets the timeout. */
  readonly unlockAndTime: Statement
  /** Places, as an array. Answers with a letter for each, in their order: `t` where it was locked. */
  readonly unlockMany: Statement
  /** Place. Tells nobody. */
  readonly unlockOnly: Statement
  /** Timeout. */
  readonly time: Statement
  /** Timeout. As `time`, for a session that is going to wait. */
  readonly brief: Statement
  /** Place. Blocks until it is granted, and answers with the token. */
  readonly wait: Statement
  /** Process id. */
  readonly interrupt: Statement
  readonly beat: Statement
}

/** Within a session everything is evaluated from left to right, and what is done to a session lock stays done if the rest fails. */
export function statements(schema: string, channel: string): Statements {
  // Drawn when the place is taken.
  const token = `nextval('${schema}.fencing_tokens')::text`
  const locked = 'pg_try_advisory_lock($2::bigint)'
  // Whoever waits shares the lock on the presence: told of where there is somebody, since every notification locks the database at commit.
  const unlocked = (place: string) => `pg_advisory_unlock(${place})::text || case
    when pg_try_advisory_xact_lock(~${place}) then '' else pg_notify('${channel}', ${place}::text)::text end`
  const each = 'from unnest($2::bigint[]) with ordinality as list (place, nth)'
  return {
    lock: statement('lock', `case when ${locked} then ${token} else '' end`),
    // The timeout is set only then: a session that holds nothing may be silent.
    lockAndTime: statement('lock_and_time', `case when ${locked} then ${timed('$3')} || ' ' || ${token} else '' end`),
    confirm: statement('confirm', `${timed('$2')} || ' ' || ${token}`),
    unlock: statement('unlock', unlocked('$2::bigint')),
    unlockMany: statement('unlock_many', `string_agg(left(${unlocked('place')}, 1), '' order by nth)`, each),
    unlockAndTime: statement('unlock_and_time', `${unlocked('$2::bigint')} || ' ' || ${timed('$3')}`),
    unlockOnly: statement('unlock_only', 'pg_advisory_unlock($2::bigint)::text'),
    time: statement('time', timed('$2')),
    brief: statement('brief', `${timed('$2')} || set_config('lock_timeout', '${TURN_MS}', false)`),
    wait: statement('wait', `pg_advisory_lock($2::bigint)::text || ${token}`),
    interrupt: statement(
      'interrupt',
      `count(pg_cancel_backend(pid))::text`,
      `from pg_stat_activity where pid = $2::int and wait_event_type = 'Lock' and wait_event = 'advisory'`,
    ),
    beat: statement('beat', `''`),
  }
}

const timed = (timeout: string): string => `set_config('idle_session_timeout', ${timeout}, false)`

/** One column: each costs both sides as much as a function. */
function statement(name: string, answer: string, from = ''): Statement {
  const text = `select $1::text || ' ' || ${answer} as answer ${from}`
  // `pg` copies what is an object's own, property by property, before each use.
  return Object.create({ name: `leasehold_${name}`, text })
}

/** Held together by those who wait for the place, so that a release can see whether there are any. */
export const presenceOf = (place: string): string => String(~BigInt(place))
