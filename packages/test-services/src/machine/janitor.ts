import { spawn } from 'node:child_process'
import type { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

let orders: Writable | undefined

/** One for each test process. It sees the end of this process by the end of its input: also after SIGKILL. */
function janitor(): Writable {
  if (orders !== undefined) return orders
  const child = spawn('sh', [fileURLToPath(new URL('janitor.sh', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  unref(child.stdin)
  orders = child.stdin
  return orders
}

const unref = (stream: Writable): void => (stream as Writable & { unref(): void }).unref()

/** Whatever happens to this process, the watched one ends. */
export const watch = (pid: number): void => void janitor().write(`watch ${pid}\n`)
/** It has ended: its number may belong to somebody else from now on. */
export const forget = (pid: number): void => void janitor().write(`forget ${pid}\n`)

export const removeAtEnd = (folder: string): void => void janitor().write(`folder ${folder}\n`)
export const isRemoved = (folder: string): void => void janitor().write(`removed ${folder}\n`)
