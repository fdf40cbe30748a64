import type { PostgresClient, PostgresClientInsides, PostgresRow, PostgresStatement } from './postgres-shapes.ts'

/** Values as the server writes them, whatever the application has told `pg` to make of its own. */
export const AS_TEXT = { getTypeParser: () => (value: unknown) => value }

/** Runs one statement. Values come as text where the client can do that, and else as the driver reads them. */
export async function ask(
  client: PostgresClient & PostgresClientInsides,
  text: string,
  values: unknown[],
): Promise<readonly PostgresRow[]> {
  const { rows } = takesStatements(client)
    ? await client.query(statementOf(text), values)
    : await client.query(text, values)
  return rows
}

const READ_AS_TEXT = { types: AS_TEXT }

/** `pg` copies what is an object's own, property by property, before each use. */
const statementOf = (text: string): PostgresStatement => Object.assign(Object.create(READ_AS_TEXT), { text })

interface StatementClient {
  query(statement: PostgresStatement, values?: unknown[]): Promise<{ readonly rows: readonly PostgresRow[] }>
}

/** Clients and pools of `pg`. Those that are told to get values in binary form get no text. */
const takesStatements = (client: PostgresClientInsides & object): client is StatementClient =>
  (client.getTypeParser !== undefined || client.totalCount !== undefined) && client.binary !== true

export const isTrue = (value: unknown): boolean =>
  value === 't' || value === true || /^(t|true|1)$/i.test(String(value))

export const numberOf = (value: unknown): number => Number(String(value))

export const numberIn = (row: PostgresRow | undefined, column: string): number => numberOf(row?.[column])
