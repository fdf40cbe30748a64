import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the range of outgoing connections: while a server restarts, one of those could take its port, or be connected to
// itself. And with room above, for servers that open a second port at a fixed distance.
const lowest = 10_000
const count = 10_000
/** Test processes run side by side, mostly with neighbouring numbers: each begins at a place of its own. */
const perProcess = 40

let tried = process.pid * perProcess

/** A port that nobody listens on, and that many ports above it another. */
export async function freePort(alsoAbove = 0): Promise<number> {
  for (;;) {
    const candidate = lowest + (tried++ % count)
    if ((await isFree(candidate)) && (await isFree(candidate + alsoAbove))) return candidate
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
