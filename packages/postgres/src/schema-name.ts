import { createHash } from 'node:crypto'

const DEFAULT_SCHEMA = 'leasehold'

/** Letters, digits and underscores, as far as Postgres keeps them apart: it cuts longer names. */
const ALLOWED = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** The schema's name as it stands in SQL. Throws for one that would need more than quotes. */
export function quotedSchema(schema: string = DEFAULT_SCHEMA): string {
  if (typeof schema !== 'string') throw new TypeError('schema must be a string')
  if (ALLOWED.test(schema)) return `"${schema}"`
  throw new RangeError('schema must be 1 to 63 letters, digits and underscores, and not begin with a digit')
}

/** Where those who wait are called: a name that Postgres does not cut, whatever the schema's length. */
export const channelOf = (quoted: string): string =>
  `leasehold_${createHash('sha256').update(quoted).digest('hex').slice(0, 32)}`
