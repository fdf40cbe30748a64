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

function statusOf(pid: number): { readonly state: string; readonly parent: number } | undefined {
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
