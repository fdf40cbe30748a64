import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly status: number | null
}

/** Runs a program of this package, and waits for its end without standing still: a worker of vitest that does is given up after a minute. */
export async function command(source: string, ...args: readonly string[]): Promise<Said> {
  const path = fileURLToPath(new URL(`../src/${source}`, import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close')
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), closed])
  return { stdout, stderr, status }
}
