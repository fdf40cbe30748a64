import type { Claim, Renewal, RenewedClaim } from '@leasehold/core'

type Renew = (claims: readonly Claim[], ttlMs: number) => Promise<readonly Renewal[]>

/** Renews claims of one TTL together, and puts the answers in order. What failed for one TTL is unknown, and not so for the others. */
export async function byTtl(renewals: readonly RenewedClaim[], renew: Renew): Promise<readonly Renewal[]> {
  const parts = new Map<number, number[]>()
  for (const [index, { ttlMs }] of renewals.entries()) {
    const part = parts.get(ttlMs)
    if (part) part.push(index)
    else parts.set(ttlMs, [index])
  }
  const answers: Renewal[] = renewals.map(() => 'unknown')
  const renewing = [...parts].map(async ([ttlMs, part]) => {
    const answered = await renew(
      part.map((index) => renewals[index] as Claim),
      ttlMs,
    )
    for (const [place, index] of part.entries()) answers[index] = answered[place] ?? 'unknown'
  })
  const settled = await Promise.allSettled(renewing)
  const failures = settled.filter((each) => each.status === 'rejected')
  if (failures.length > 0 && failures.length === settled.length) throw failures[0]?.reason
  return answers
}
