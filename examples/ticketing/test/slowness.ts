import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** What it takes to start the smallest of programs where nobody else is at work. */
const IDLE_MS = 60
const STARTS = 3
/** To start a program suffers more from a crowd than anything else does: beyond this, stories would only wait longer. */
const SLOWEST = 6

/**
 * So much time on an idle machine, and as many times more here as this one is slower now. For stories in which time runs out: what they claim is
 * the order of things, and not how fast a machine is.
 */
export async function onThisMachine(idleMs: number): Promise<number> {
  const startedAt = performance.now()
  for (let start = 0; start < STARTS; start++) await once(spawn(process.execPath, ['-e', '0']), 'exit')
  const slowness = (performance.now() - startedAt) / STARTS / IDLE_MS
  return Math.round(idleMs * Math.min(SLOWEST, Math.max(1, slowness)))
}
