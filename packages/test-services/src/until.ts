import { setTimeout as pause } from 'node:timers/promises'

const SHORTEST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 50

/** Looks until the condition holds. The limit is there to end a test that would hang, not to measure. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 120_000): Promise<void> {
  const sinceMs = performance.now()
  while (!(await holds())) {
    const waitedMs = performance.now() - sinceMs
    if (waitedMs > limitMs) throw new Error(`waited ${limitMs} ms in vain: ${what}`)
    // Looks are work, too: what has taken a while may be noticed a little later.
    await pause(Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS + waitedMs / 20))
  }
}
