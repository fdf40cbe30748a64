import { once } from 'node:events'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { removeAtEnd } from './janitor.ts'

// Below the range of outgoing connections: while a server restarts, one of those could take its port, or be connected to
// itself. And with room above, for servers that open a second port at a fixed distance.
const LOWEST = 10_000
const BLOCKS = 100
const PER_BLOCK = 100

/**
 * Test processes run side by side. Each has blocks of ports to itself, and gives out each port once: what a test has stopped, and somebody still knows by its address, is never a server of another
 * test's.
 */
const marks = join(tmpdir(), `leasehold-test-ports-${userInfo().uid}`)

let next = 0
let end = 0

/** A port that nobody listens on, and that many ports above it another. */
export async function freePort(alsoAbove = 0): Promise<number> {
  for (;;) {
    if (next === end) {
      next = LOWEST + claimBlock() * PER_BLOCK
      end = next + PER_BLOCK
    }
    const candidate = next++
    if ((await isFree(candidate)) && (await isFree(candidate + alsoAbove))) return candidate
  }
}

function claimBlock(): number {
  mkdirSync(marks, { recursive: true })
  for (let tried = 0; tried < BLOCKS; tried += 1) {
    const block = (process.pid + tried) % BLOCKS
    if (isClaimed(join(marks, String(block)))) return block
  }
  throw new Error(`all ports for tests are taken, by the processes that are named in ${marks}`)
}

function isClaimed(mark: string): boolean {
  try {
    writeFileSync(mark, String(process.pid), { flag: 'wx' })
  } catch {
    return isTakenOver(mark)
  }
  removeAtEnd(mark)
  return true
}

/** From a process that has ended without a trace. Of several that see that, one can move its mark away. */
function isTakenOver(mark: string): boolean {
  const gone = `${mark}.${process.pid}`
  try {
    const owner = Number(readFileSync(mark, 'utf8'))
    if (owner === 0 || isAlive(owner)) return false
    renameSync(mark, gone)
    const isTheSame = Number(readFileSync(gone, 'utf8')) === owner
    if (!isTheSame) renameSync(gone, mark)
    else rmSync(gone)
    return isTheSame && isClaimed(mark)
  } catch {
    return false
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
