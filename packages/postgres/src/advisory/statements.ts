import { AS_TEXT } from '../answers.ts'
import type { Statement } from './connection.ts'
import { SERVER_MS } from './server-clock.ts'

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
  /** Place. For one that may be locked: the server complains of an unlock of what is not, in its log, too. */
  readonly undo: Statement
  /** Place, timeout. Blocks until it is granted, sets the timeout, and answers with the token at the end; with nothing where readers are kept out. */
  readonly wait: Statement
  /**
   * As `wait`, for one that may well be in vain: that is no error then, which the server would note in its log, each second. What it comes to is the answer to `waited` with the same id. In vain, it leaves nothing: the place may have
   * come in the moment in which the time was over, and who asked may be dead.
   */
  waitQuietly(place: string, timeoutMs: number, id: number): string
}

export interface Statements extends Readonly<Record<Mode, LockStatements>> {
  /** Timeout. Sets it and answers with a token, for a place that is taken. */
  readonly confirm: Statement
  /** Timeout. */
  readonly time: Statement
  /** Timeout, and how long waits may block. As `time`, for a session that is going to wait. */
  readonly brief: Statement
  /** Process id. */
  readonly interrupt: Statement
  /** Answers with the server's time, in milliseconds. */
  readonly beat: Statement
  /** Timeout. As `beat`, and sets it. */
  readonly beatAndTime: Statement
  /** Place. Answers with whether it could be shared now: nobody has all of it, or waits for that. Of a session that has a part of it the server would not look who waits. */
  readonly look: Statement
  /** Place, timeout. Where anybody has a part of it, keeps out those who come to read, sets the timeout, and answers with whether it does. Reads the locks of the whole server. */
  readonly shutIfRead: Statement
  /** Place. Ends that. */
  readonly open: Statement
  /** Id. Answers as `wait`, and with `in vain` where its time was over. */
  readonly waited: Statement
}

/**
 * Within a session everything is evaluated from left to right, and what is done to a session lock stays done if the rest fails. Where a pooler stands between, every answer tells which session gave it.
 */
export function statements(schema: string, channel: string, isPooled: boolean): Statements {
  const statement = (name: string, answer: string, from = '') => prepared(name, answer, from, isPooled)
  const place = '$2::bigint'
  // Drawn when the place is taken.
  const token = `nextval('${schema}.fencing_tokens')::text`
  return {
    exclusive: lockStatements('', token, channel, statement),
    shared: lockStatements('_shared', token, channel, statement),
    confirm: statement('confirm', `${timed('$2')} || ' ' || ${token}`),
    time: statement('time', timed('$2')),
    brief: statement('brief', `${timed('$2')} || set_config('lock_timeout', $3, false)`),
    interrupt: statement(
      'interrupt',
      `count(pg_cancel_backend(pid))::text`,
      `from pg_stat_activity where pid = $2::int and wait_event_type = 'Lock' and wait_event = 'advisory'`,
    ),
    beat: statement('beat', SERVER_MS),
    beatAndTime: statement('beat_and_time', `${timed('$2')} || ' ' || ${SERVER_MS}`),
    look: statement('look', ifNotShut(place, `pg_try_advisory_xact_lock_shared(${place})::text`, `'false'`)),
    shutIfRead: statement(
      'shut_if_read',
      `case when not ${isRead(place)} then 'false' when pg_try_advisory_lock(${gateOf(place)})
        then left(set_config('idle_session_timeout', $3, false), 0) || 'true' else 'false' end`,
    ),
    open: statement('open', `pg_advisory_unlock(${gateOf(place)})::text`),
    waited: statement(
      'waited',
      `case split_part(${WAITED}, ' ', 1) when $2 then substr(${WAITED}, length($2) + 2) else 'in vain' end`,
    ),
  }
}

/** Where a quiet wait says what it came to. */
const WAITED = `coalesce(current_setting('leasehold.waited', true), '')`

type Prepare = (name: string, answer: string, from?: string) => Statement

/** Postgres has its functions twice, with and without this at the end of the name. */
function lockStatements(shared: '' | '_shared', token: string, channel: string, statement: Prepare): LockStatements {
  const place = '$2::bigint'
  const taken = `pg_try_advisory_lock${shared}(${place})`
  const attempt = (answer: string) => `case when ${taken} then ${answer} else '' end`
  const lock = (answer: string) => (shared === '' ? attempt(answer) : ifNotShut(place, attempt(answer), `''`))
  // Whoever waits shares the lock on the presence: told of where there is somebody, since every notification locks the database at commit.
  const unlocked = (at: string) => `pg_advisory_unlock${shared}(${at})::text || case
    when pg_try_advisory_xact_lock(~${at}) then '' else pg_notify('${channel}', ${at}::text)::text end`
  const wait = (at: string, timeout: string) => {
    const granted = `set_config('idle_session_timeout', ${timeout}, false) || ' ' || ${token}`
    const unlessShut = ifNotShut(at, granted, `left(pg_advisory_unlock_shared(${at})::text, 0)`)
    return `pg_advisory_lock${shared}(${at})::text || ${shared === '' ? granted : unlessShut}`
  }
  // Where it is ours, it is so twice then.
  const undo = (at: string) =>
    `case when pg_try_advisory_lock${shared}(${at}) then pg_advisory_unlock${shared}(${at})::text || ${unlocked(at)} else '' end`
  const each = 'from unnest($2::bigint[]) with ordinality as list (place, nth)'
  return {
    lock: statement(`lock${shared}`, lock(token)),
    // The timeout is set only then: a session that holds nothing may be silent.
    lockAndTime: statement(`lock${shared}_and_time`, lock(`${timed('$3')} || ' ' || ${token}`)),
    unlock: statement(`unlock${shared}`, unlocked(place)),
    unlockMany: statement(`unlock${shared}_many`, `string_agg(left(${unlocked('place')}, 1), '' order by nth)`, each),
    unlockAndTime: statement(`unlock${shared}_and_time`, `${unlocked(place)} || ' ' || ${timed('$3')}`),
    undo: statement(`undo${shared}`, undo(place)),
    wait: statement(`wait${shared}`, wait(place, '$3')),
    waitQuietly: (at, timeoutMs, id) => `do $$ begin
      perform set_config('leasehold.waited', '${id} ' || ${wait(`'${at}'::bigint`, `'${timeoutMs}'`)}, false);
    exception when lock_not_available then perform ${undo(`'${at}'::bigint`)}; end $$`,
  }
}

/** A lock of a writer who waits behind readers: those who come to read look whether somebody has it. */
const gateOf = (place: string): string => `(${place} # 6148914691236517205)`

const ifNotShut = (place: string, then: string, otherwise: string): string =>
  `case when pg_try_advisory_xact_lock_shared(${gateOf(place)}) then ${then} else ${otherwise} end`

/** The view has the two halves of the place. */
export const isRead = (place: string): string => `exists (select from pg_locks
  where locktype = 'advisory' and mode = 'ShareLock' and granted and objsubid = 1
    and (classid::bigint << 32) | objid::bigint = ${place}
    and database = (select oid from pg_database where datname = current_database()))`

/**
 * After so much silence of the process the server ends the session. It measures that by its clock, which may be set. So the server's system is told, too, which measures by no clock: it ends the connection after so much silence of
 * the other system, which it asks for a sign of life after two seconds, and then each second.
 */
const timed = (timeout: string): string => `set_config('idle_session_timeout', ${timeout}, false)
  || set_config('tcp_user_timeout', ${timeout}, false)
  || set_config('tcp_keepalives_idle', case ${timeout} when '0' then '0' else '2' end, false)`

/** One column: each costs both sides as much as a function. */
function prepared(name: string, answer: string, from: string, isPooled: boolean): Statement {
  const asked = isPooled ? `$1::text || ' ' || pg_backend_pid()` : '$1::text'
  const text = `select ${asked} || ' ' || ${answer} as answer ${from}`
  // `pg` copies what is an object's own, property by property, before each use.
  return Object.create({ name: `leasehold_${name}`, text, types: AS_TEXT })
}

/** Held together by those who wait for the place, so that a release can see whether there are any. */
export const presenceOf = (place: string): string => String(~BigInt(place))

/** What an answer says at its end. */
export const lastOf = (answer: string): string => answer.slice(answer.lastIndexOf(' ') + 1)
