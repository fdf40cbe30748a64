/** Node's timers end longer ones at once. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1

export function assertDuration(name: string, value: unknown, longestMs = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && (value as number) > 0 && (value as number) <= longestMs) return
  throw new RangeError(`${name} must be a whole number from 1 to ${longestMs}; got ${String(value)}`)
}
