import type { Claim, LockBackend, Renewal, RenewedClaim, Share } from '@leasehold/core'
import { isTrue, numberOf } from './answers.ts'
import { byPlace, type Calls, columns, grantOf, passable } from './calls.ts'
import type { PostgresRow } from './postgres-shapes.ts'
import { LOCK_NOT_AVAILABLE } from './refusals.ts'

/** How long those of a batch are waited for whose rows somebody else keeps locked: all of them together. */
const PATIENCE_MS = 500

/**
 * What is one statement for any number of claims, whose rows are named in arrays. It waits for no row, so that nobody has to wait with those whose
 * rows are locked: these are asked for once more, by themselves.
 */
export function batches(calls: Calls): Required<Pick<LockBackend, 'tryAcquireAll' | 'renew' | 'releaseAll'>> {
  return {
    async tryAcquireAll(claims, { ttlMs, metadata }) {
      const rows = await calls.table('try_acquire_all($1, $2, $3, $4)', ...columns(claims), ttlMs, metadata ?? null)
      const [first] = rows
      if (first?.['place'] === null) return { granted: false, remainingMs: numberOf(first['remaining_ms']) }
      return rows.map((row) => grantOf(row))
    },
    async renew(renewals) {
      const answers = await renewSome(calls, renewals, 0)
      const shortestMs = Math.min(...renewals.map(({ ttlMs }) => ttlMs))
      const again = (late: readonly RenewedClaim[]) =>
        renewSome(calls, late, Math.max(1, Math.min(PATIENCE_MS, shortestMs / 6)))
      return askLocked(renewals, answers, 'unknown', again).catch(() => answers)
    },
    async releaseAll(claims) {
      const ended = await releaseSome(calls, claims, 0)
      const known = await askLocked(claims, ended, undefined, (late) => releaseSome(calls, late, PATIENCE_MS))
      if (known.every((answer) => answer !== undefined)) return known
      throw Object.assign(new Error('another transaction keeps the row of a key locked'), { code: LOCK_NOT_AVAILABLE })
    },
  }
}

/** With new answers for those that are not known. */
async function askLocked<Of extends Claim, Answer>(
  claims: readonly Of[],
  answers: readonly Answer[],
  unknown: Answer,
  ask: (late: readonly Of[]) => Promise<readonly Answer[]>,
): Promise<readonly Answer[]> {
  const late = claims.filter((_, index) => answers[index] === unknown)
  if (late.length === 0) return answers
  const told = (await ask(late)).values()
  return answers.map((answer) => (answer === unknown ? (told.next().value as Answer) : answer))
}

async function renewSome(
  { table }: Calls,
  renewals: readonly RenewedClaim[],
  patienceMs: number,
): Promise<readonly Renewal[]> {
  const ttlsMs = renewals.map(({ ttlMs }) => ttlMs)
  const named = renewals.map(({ fencingToken = 0n }) => String(fencingToken))
  const rows = await table('renew_some($1, $2, $3, $4, $5)', ...columns(renewals), ttlsMs, named, patienceMs)
  const answers = byPlace(rows)
  return renewals.map(({ share }, index) => renewalOf(answers.get(index + 1), share))
}

/** Undefined: not known. */
export async function releaseSome(
  { outcome }: Calls,
  claims: readonly Claim[],
  patienceMs: number,
): Promise<readonly (boolean | undefined)[]> {
  const answer = await outcome('give_back_some', ...columns(claims), patienceMs)
  const places = new Set(
    String(answer ?? '')
      .split(' ')
      .map(Number),
  )
  return claims.map((_, index) => (places.has(-index - 1) ? undefined : places.has(index + 1)))
}

function renewalOf(row: PostgresRow | undefined, share: Share | undefined): Renewal {
  if (row === undefined) return 'gone'
  if (isTrue(row['is_locked'])) return 'unknown'
  if (row['fencing_token'] === null) return `gone: ${String(row['why'])}`
  // For another kind than it has, it is nobody's.
  return kindOf(row['slots']) === share?.kind ? passable(grantOf(row, share), share) : 'gone'
}

/** Of a hold whose slots are these. */
const kindOf = (slots: unknown): Share['kind'] | undefined => {
  if (slots === null) return undefined
  return slots === '' ? 'shared' : 'permits'
}
