import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

/** Those that run now. */
const alive = new Set<ChildProcess>()

/**
 * Starts a program whose whole family ends with this process: what it starts is in a group of its own, and the group is
 * ended, also by Ctrl-C and by whoever ends this process politely.
 */
export function spawnFamily(program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  if (alive.size === 0) watchForTheEnd()
  const child = spawn(program, args, { ...options, detached: true })
  alive.add(child)
  child.once('close', () => alive.delete(child))
  return child
}

/** Ends a program and all that it started. Servers of tests end with the process that started them: their janitor sees to it. */
export function endFamily({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}

let watched = false

function watchForTheEnd(): void {
  if (watched) return
  watched = true
  process.on('exit', endAll)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      endAll()
      process.exit(1)
    })
  }
}

function endAll(): void {
  for (const child of alive) endFamily(child)
}
