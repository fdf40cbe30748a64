import { setTimeout as pause } from 'node:timers/promises'

/** Looks until the condition holds. The limit is there to end a test that would hang, not to measure. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, limitMs = 15_000): Promise<void> {
  const givesUpAt = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > givesUpAt) throw new Error(`waited ${limitMs} ms in vain: ${what}`)
    await pause(10)
  }
}
