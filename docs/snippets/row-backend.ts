import type { Capabilities, Claim, Contended, Grant, LockBackend, Renewal, RenewedClaim, Terms } from '@leasehold/core'

/** One row per key. It stays when the key is released: it keeps the token. */
export interface LockRow {
  readonly holder: string
  readonly fencingToken: bigint
  readonly expiresAtMs: number
}

/** What this backend needs of its client: the few methods it calls, not a driver. */
export interface Rows {
  /**
   * One atomic step at the server: locks the row, reads the server's clock, computes, and writes the row if the step
   * returned one.
   */
  change<Answer>(key: string, step: (row: LockRow | undefined, nowMs: number) => [Answer, LockRow?]): Promise<Answer>
}

const capabilities: Capabilities = {
  fifo: false,
  handOff: true,
  survivesRestart: true,
  slackMs: 0,
  minTtlMs: 1,
}

export function rowBackend(rows: Rows): LockBackend {
  return {
    name: 'rows',
    capabilities,
    tryAcquire: (claim, terms) => rows.change(claim.key, (row, nowMs) => acquired(row, nowMs, claim, terms)),
    renew: (renewals) =>
      Promise.all(renewals.map((claim) => rows.change(claim.key, (row, nowMs) => renewed(row, nowMs, claim)))),
    release: (claim) => rows.change(claim.key, (row, nowMs) => released(row, nowMs, claim)),
  }
}

function acquired(row: LockRow | undefined, nowMs: number, claim: Claim, terms: Terms): [Grant | Contended, LockRow?] {
  const remainingMs = (row?.expiresAtMs ?? 0) - nowMs
  if (row !== undefined && remainingMs > 0) {
    // Idempotent: the claim that holds the key is told what it has.
    const own = row.holder === claim.holder
    return [
      own ? { granted: true, ttlMs: remainingMs, fencingToken: row.fencingToken } : { granted: false, remainingMs },
    ]
  }
  // Drawn here, under the lock of the row: never before exclusion is certain.
  const fencingToken = (row?.fencingToken ?? 0n) + 1n
  const next = { holder: claim.holder, fencingToken, expiresAtMs: nowMs + terms.ttlMs }
  return [{ granted: true, ttlMs: terms.ttlMs, fencingToken }, next]
}

function renewed(row: LockRow | undefined, nowMs: number, claim: RenewedClaim): [Renewal, LockRow?] {
  if (!holds(row, nowMs, claim)) return ['gone']
  // Never shortens.
  const expiresAtMs = Math.max(row.expiresAtMs, nowMs + claim.ttlMs)
  return [
    { granted: true, ttlMs: expiresAtMs - nowMs, fencingToken: row.fencingToken },
    { ...row, expiresAtMs },
  ]
}

function released(row: LockRow | undefined, nowMs: number, claim: Claim): [boolean, LockRow?] {
  return holds(row, nowMs, claim) ? [true, { ...row, expiresAtMs: nowMs }] : [false]
}

/** Only the holder, and only while its time runs. */
const holds = (row: LockRow | undefined, nowMs: number, claim: Claim): row is LockRow =>
  row !== undefined && row.holder === claim.holder && row.expiresAtMs > nowMs
