import { readdirSync, readFileSync } from 'node:fs'

/** A process and its children, by /proc; elsewhere the process alone. */
export function familyOf(pid: number): number[] {
  const children = numbersInProc().filter((other) => statusOf(other)?.parent === pid)
  return [pid, ...children]
}

/** A zombie has let go of everything it held. */
export const isRunning = (pid: number): boolean => {
  const status = statusOf(pid)
  return status !== undefined && status.state !== 'Z'
}

function numbersInProc(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** Of a process, or of one of its threads. */
function statusOf(pid: number | string): { readonly state: string; readonly parent: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}

/** A process that ended in the meantime needs no signal any more. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

const STOPPED = new Set(['T', 't', 'Z', 'X'])

/**
 * SIGSTOP to all, and returns when none of their threads runs any more: on a busy machine a thread may go on for a while, and answer what is asked meanwhile. The caller stands still for so long, as
 * what follows must not come before it. Where /proc does not tell, nothing is waited for.
 */
export function stopAll(pids: readonly number[]): void {
  signalAll(pids, 'SIGSTOP')
  const untilMs = performance.now() + PATIENCE_MS
  while (pids.some(runsStill)) {
    if (performance.now() > untilMs) throw new Error(`a process of ${pids.join(', ')} did not stop`)
    Atomics.wait(STILL, 0, 0, 1)
  }
}

const PATIENCE_MS = 30_000
const STILL = new Int32Array(new SharedArrayBuffer(4))

function runsStill(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some(
      (thread) => !STOPPED.has(statusOf(`${pid}/task/${thread}`)?.state ?? 'X'),
    )
  } catch {
    return false
  }
}
