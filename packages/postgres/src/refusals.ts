/** Nothing took effect, and asking again is of no use: codes and why. */
const REFUSED: ReadonlySet<string> = new Set([
  '28P01', // wrong password
  '28000', // not admitted
  '3D000', // no such database
  '3F000', // no such schema
  '42P01', // no such table
  '42883', // no such function
  '42501', // no privilege
  '22P05', // the database's encoding has no such character
  'ERR_INVALID_URL', // Node's, for an address that cannot be parsed
  'ERR_INVALID_ARG_TYPE', // Node's, and this package's for what a function made
])

const MISSING_SCHEMA: ReadonlySet<string> = new Set(['3F000', '42P01', '42883'])

/** Mostly shared memory, and of that, the lock table's. */
export const OUT_OF_MEMORY = '53200'

/** The time of a wait for a lock is over. */
export const LOCK_NOT_AVAILABLE = '55P03'

/** Read-only. A standby is so until it is promoted, and a former primary until its address leads elsewhere. */
export const READ_ONLY = '25006'

export const SERIALIZATION_FAILURE = '40001'

/** The server has undone the statement, since it was in the way of another one. */
const ROLLED_BACK: ReadonlySet<string> = new Set([
  SERIALIZATION_FAILURE,
  '40P01', // deadlock
])

/** A procedure wanted to commit, where somebody had begun a transaction. */
export const NO_COMMIT = '2D000'

/** `statement_timeout`, mostly, or an operator. */
const CANCELED = '57014'

export const stateOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code)

/** `pg` finds out by itself, without a SQLSTATE, that it has no password to log in with. */
const isFailedLogin = (error: unknown): boolean => error instanceof Error && error.message.startsWith('SASL: ')

export const isRolledBack = (error: unknown): boolean => ROLLED_BACK.has(stateOf(error))

/** The server itself has ended the statement, nothing took effect, and its session goes on. */
export const leavesSession = (error: unknown): boolean =>
  isRolledBack(error) || [LOCK_NOT_AVAILABLE, CANCELED, NO_COMMIT].includes(stateOf(error))

export const classifyPostgresError = (error: unknown): 'refused' | 'unavailable' =>
  REFUSED.has(stateOf(error)) || isFailedLogin(error) ? 'refused' : 'unavailable'

const MESSAGES: Readonly<Record<string, string>> = {
  ERR_INVALID_URL: 'the address of the database cannot be parsed',
  [OUT_OF_MEMORY]:
    'the lock table of the server is full, perhaps: hold fewer advisory locks, or raise max_locks_per_transaction',
  [READ_ONLY]: 'the server is read-only, a standby perhaps: locks need the primary',
  [LOCK_NOT_AVAILABLE]: 'another transaction keeps the row of this key locked, or the table',
}

/** The driver's error, or one with the same code that says what to do. */
export function explained(error: unknown, schema: string): unknown {
  const code = stateOf(error)
  if (MISSING_SCHEMA.has(code)) {
    const command = `npx leasehold-postgres schema${schema === '"leasehold"' ? '' : ` --schema ${schema.slice(1, -1)}`}`
    const message = `the schema ${schema} is missing or older than this package: apply what "${command}" prints, or call migrate(pool)`
    return Object.assign(new Error(message, { cause: error }), { code })
  }
  const message = MESSAGES[code]
  return message === undefined ? error : Object.assign(new Error(message, { cause: error }), { code })
}
