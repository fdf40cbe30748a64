/** Nothing took effect, and asking again is of no use: codes and why. */
const REFUSED: ReadonlySet<string> = new Set([
  '28P01', // wrong password
  '28000', // not admitted
  '3D000', // no such database
  '3F000', // no such schema
  '42P01', // no such table
  '42883', // no such function
  '42501', // no privilege
  '25006', // read-only: a standby, mostly
  '22P05', // the database's encoding has no such character
  'ERR_INVALID_URL', // Node's, for an address that cannot be parsed
])

const MISSING_SCHEMA: ReadonlySet<string> = new Set(['3F000', '42P01', '42883'])

/** Mostly shared memory, and of that, the lock table's. */
const OUT_OF_MEMORY = '53200'

const stateOf = (error: unknown): string => String((error as { code?: unknown } | undefined)?.code)

/** `pg` finds out by itself, without a SQLSTATE, that it has no password to log in with. */
const isFailedLogin = (error: unknown): boolean => error instanceof Error && error.message.startsWith('SASL: ')

export const classifyPostgresError = (error: unknown): 'refused' | 'unavailable' =>
  REFUSED.has(stateOf(error)) || isFailedLogin(error) ? 'refused' : 'unavailable'

/** The driver's error, or one with the same code that says what to do. */
export function explained(error: unknown, schema: string): unknown {
  const code = stateOf(error)
  if (code === 'ERR_INVALID_URL') {
    return Object.assign(new Error('the address of the database cannot be parsed', { cause: error }), { code })
  }
  if (code === OUT_OF_MEMORY) {
    const message =
      'the lock table of the server is full, perhaps: hold fewer advisory locks, or raise max_locks_per_transaction'
    return Object.assign(new Error(message, { cause: error }), { code })
  }
  if (MISSING_SCHEMA.has(code)) {
    const command = `npx leasehold-postgres schema${schema === '"leasehold"' ? '' : ` --schema ${schema.slice(1, -1)}`}`
    const message = `the schema ${schema} is missing or older than this package: apply what "${command}" prints, or call migrate(pool)`
    return Object.assign(new Error(message, { cause: error }), { code })
  }
  if (code === '25006') {
    const message = 'the server is read-only, a standby perhaps: locks need the primary'
    return Object.assign(new Error(message, { cause: error }), { code })
  }
  return error
}
