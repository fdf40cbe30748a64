import type { Claim, Contended, Grant, Inspection, Share } from '@leasehold/core'
import { isTrue, numberOf } from './answers.ts'
import type { PostgresRow } from './postgres-shapes.ts'
import { explained, NO_COMMIT, stateOf } from './refusals.ts'
import { TOKEN_STEP } from './sql/table-sql.ts'

/** How functions of the schema are called. */
export interface Calls {
  table(call: string, ...values: unknown[]): Promise<readonly PostgresRow[]>
  /** Costs both sides less than a table of one row. */
  value(call: string, ...values: unknown[]): Promise<unknown>
  /** Of a procedure that may commit before it has ended, where it is told so. */
  outcome(procedure: string, ...values: unknown[]): Promise<unknown>
}

/** What runs one statement, and is done with. */
export interface Runner {
  run(text: string, values: unknown[]): Promise<readonly PostgresRow[]>
  close(): void
}

export function callsOf(statements: Runner, quoted: string): Calls {
  /** Each statement is a transaction of its own, as far as is known. */
  let isAlone = true
  const run = (text: string, values: unknown[]): Promise<readonly PostgresRow[]> =>
    statements.run(text, values).catch((error: unknown) => {
      throw explained(error, quoted)
    })
  return {
    table: (call, ...values) => run(`select * from ${quoted}.${call}`, values),
    async value(call, ...values) {
      return only(await run(`select ${quoted}.${call} as value`, values))['value']
    },
    async outcome(procedure, ...values) {
      const names = values.map((_, index) => `$${index + 1}, `).join('')
      const ask = () => run(`call ${quoted}.${procedure}(${names}${isAlone}, null)`, values)
      const rows = await ask().catch((error: unknown) => {
        if (!isAlone || stateOf(error) !== NO_COMMIT) throw error
        isAlone = false
        return ask()
      })
      return only(rows)['answer']
    },
  }
}

export function only([row]: readonly PostgresRow[]): PostgresRow {
  if (row === undefined) throw new Error('Postgres answered without a row')
  return row
}

export const columns = (claims: readonly Claim[]): [string[], string[]] => [
  claims.map(({ key }) => key),
  claims.map(({ holder }) => holder),
]

export const byPlace = (rows: readonly PostgresRow[]): ReadonlyMap<number, PostgresRow> =>
  new Map(rows.map((row) => [numberOf(row['place']), row]))

/** What a claim asks for, as three values. */
export function asked(share: Share | undefined): [string, number | null, number | null] {
  if (share?.kind === 'permits') return ['permits', share.take, share.of]
  return [share?.kind ?? 'whole', null, null]
}

export function grantOf(row: PostgresRow, share?: Share): Grant {
  const grant = {
    granted: true as const,
    ttlMs: numberOf(row['remaining_ms']),
    fencingToken: BigInt(String(row['fencing_token'])),
  }
  return share?.kind === 'permits' ? { ...grant, slots: slotsOf(row) } : grant
}

/** With the tokens that are reserved: those up to the next that the sequence draws. Those who read have the key together, and pass nothing on. */
export const passable = (grant: Grant, share: Share | undefined): Grant =>
  share?.kind === 'shared'
    ? grant
    : { ...grant, reserved: TOKEN_STEP - 1 - Number(grant.fencingToken % BigInt(TOKEN_STEP)) }

export function answerOf(row: PostgresRow, share?: Share): Grant | Contended {
  if (isTrue(row['granted'])) return passable(grantOf(row, share), share)
  // Nobody knows: those who are let in before have not come yet.
  const remainingMs = row['remaining_ms']
  return remainingMs === null ? { granted: false } : { granted: false, remainingMs: numberOf(remainingMs) }
}

export function inspectionOf(row: PostgresRow): Inspection {
  const share = shareOf(row)
  const { fencingToken, ttlMs: remainingMs } = grantOf(row)
  const held = { fencingToken, remainingMs, metadata: (row['metadata'] as string | null) ?? undefined }
  if (!share) return held
  return share.kind === 'permits' ? { ...held, share, slots: slotsOf(row) } : { ...held, share }
}

function shareOf(row: PostgresRow): Share | undefined {
  if (row['kind'] === 'shared') return { kind: 'shared' }
  return row['kind'] === 'permits'
    ? { kind: 'permits', take: numberOf(row['take']), of: numberOf(row['out_of']) }
    : undefined
}

/** Numbers, with blanks between. */
const slotsOf = (row: PostgresRow): number[] => String(row['slots']).split(' ').map(Number)
