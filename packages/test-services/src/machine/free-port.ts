import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'

const lowest = 10_000

/**
 * A port that nobody listens on, and that many ports above it another. Both from below the range of outgoing
 * connections: while a server restarts, such a connection could take its port, or be connected to itself.
 */
export async function freePort(alsoAbove = 0): Promise<number> {
  const highest = lowestOutgoing() - alsoAbove
  for (;;) {
    const candidate = lowest + Math.floor(Math.random() * (highest - lowest))
    if ((await isFree(candidate)) && (await isFree(candidate + alsoAbove))) return candidate
  }
}

function lowestOutgoing(): number {
  try {
    const range = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    return Math.max(Number.parseInt(range, 10), 2 * lowest + 5000)
  } catch {
    return 32_768
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port === port
  } catch {
    return false
  } finally {
    server.close()
  }
}
