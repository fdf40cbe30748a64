import type { Statement } from './connection.ts'

/** How long one wait may block in one go: while it does, the server cannot clean up what was deleted meanwhile. Behind readers it may be longer. */
export const TURN_MS = 30_000

/** How much of a place a session has: alone, or together with others that share it. */
export type Mode = 'exclusive' | 'shared'

/** What is asked about locks of one mode. */
interface LockStatements {
  /** Place. Answers with the token at the end, or with nothing. */
  readonly lock: Statement
  /** Place, timeout. As `lock`, and sets the timeout if it is granted. */
  readonly lockAndTime: Statement
  /** Place. Answers with whether it was locked. */
  readonly unlock: Statement
  /** Place, timeout. As `unlock`, and sets the timeout. */
  readonly unlockAndTime: Statement
  /** Places, as an array. Answers with a letter for each, in their order: `t` where it was locked. */
  readonly unlockMany: Statement
  /** Place. Tells nobody. */
  readonly unlockOnly: Statement
  /** Place. Blocks until it is granted, and answers with the token. */
  readonly wait: Statement
}

export interface Statements extends Readonly<Record<Mode, LockStatements>> {
  /** Timeout. Sets it and answers with a token, for a place that is taken. */
  readonly confirm: Statement
  /** Timeout. */
  readonly time: Statement
  /** Timeout. As `time`, for a session that is going to wait. */
  readonly brief: Statement
  /** How long the next waits may block. */
  readonly turn: Statement
  /** Process id. */
  readonly interrupt: Statement
  readonly beat: Statement
  /** Place. Answers with whether it could be shared now: nobody has all of it, or waits for that. Of a session that has a part of it the server would not look who waits. */
  readonly look: Statement
  /** Place. Answers with whether anybody has a part of it. Reads the locks of the whole server. */
  readonly isRead: Statement
}

/** Within a session everything is evaluated from left to right, and what is done to a session lock stays done if the rest fails. */
export function statements(schema: string, channel: string): Statements {
  // Drawn when the place is taken.
  const token = `nextval('${schema}.fencing_tokens')::text`
  return {
    exclusive: lockStatements('', token, channel),
    shared: lockStatements('_shared', token, channel),
    confirm: statement('confirm', `${timed('$2')} || ' ' || ${token}`),
    time: statement('time', timed('$2')),
    brief: statement('brief', `${timed('$2')} || set_config('lock_timeout', '${TURN_MS}', false)`),
    interrupt: statement(
      'interrupt',
      `count(pg_cancel_backend(pid))::text`,
      `from pg_stat_activity where pid = $2::int and wait_event_type = 'Lock' and wait_event = 'advisory'`,
    ),
    beat: statement('beat', `''`),
    turn: statement('turn', `set_config('lock_timeout', $2, false)`),
    isRead: statement('is_read', `(${isRead('$2::bigint')})::text`),
    look: statement('look', 'pg_try_advisory_xact_lock_shared($2::bigint)::text'),
  }
}

/** Postgres has its functions twice, with and without this at the end of the name. */
function lockStatements(shared: '' | '_shared', token: string, channel: string): LockStatements {
  const locked = `pg_try_advisory_lock${shared}($2::bigint)`
  // Whoever waits shares the lock on the presence: told of where there is somebody, since every notification locks the database at commit.
  const unlocked = (place: string) => `pg_advisory_unlock${shared}(${place})::text || case
    when pg_try_advisory_xact_lock(~${place}) then '' else pg_notify('${channel}', ${place}::text)::text end`
  const each = 'from unnest($2::bigint[]) with ordinality as list (place, nth)'
  return {
    lock: statement(`lock${shared}`, `case when ${locked} then ${token} else '' end`),
    // The timeout is set only then: a session that holds nothing may be silent.
    lockAndTime: statement(
      `lock${shared}_and_time`,
      `case when ${locked} then ${timed('$3')} || ' ' || ${token} else '' end`,
    ),
    unlock: statement(`unlock${shared}`, unlocked('$2::bigint')),
    unlockMany: statement(`unlock${shared}_many`, `string_agg(left(${unlocked('place')}, 1), '' order by nth)`, each),
    unlockAndTime: statement(`unlock${shared}_and_time`, `${unlocked('$2::bigint')} || ' ' || ${timed('$3')}`),
    unlockOnly: statement(`unlock${shared}_only`, `pg_advisory_unlock${shared}($2::bigint)::text`),
    wait: statement(`wait${shared}`, `pg_advisory_lock${shared}($2::bigint)::text || ${token}`),
  }
}

/** The view has the two halves of the place. */
export const isRead = (place: string): string => `exists (select from pg_locks
  where locktype = 'advisory' and mode = 'ShareLock' and granted and objsubid = 1
    and (classid::bigint << 32) | objid::bigint = ${place}
    and database = (select oid from pg_database where datname = current_database()))`

const timed = (timeout: string): string => `set_config('idle_session_timeout', ${timeout}, false)`

/** One column: each costs both sides as much as a function. */
function statement(name: string, answer: string, from = ''): Statement {
  const text = `select $1::text || ' ' || ${answer} as answer ${from}`
  // `pg` copies what is an object's own, property by property, before each use.
  return Object.create({ name: `leasehold_${name}`, text })
}

/** Held together by those who wait for the place, so that a release can see whether there are any. */
export const presenceOf = (place: string): string => String(~BigInt(place))
