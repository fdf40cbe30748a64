/** The value below which this share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Several rounds of the same, side by side, so that a machine whose speed drifts harms both alike. */
export interface Compared {
  readonly ours: number
  readonly limit: number
  /** Ours by the limit, round by round. */
  readonly ratio: { readonly median: number; readonly min: number; readonly max: number }
}

export function compared(rounds: readonly { readonly ours: number; readonly limit: number }[]): Compared {
  const ratios = rounds.map(({ ours, limit }) => ours / limit)
  return {
    ours: median(rounds.map(({ ours }) => ours)),
    limit: median(rounds.map(({ limit }) => limit)),
    ratio: { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) },
  }
}
