export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

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
