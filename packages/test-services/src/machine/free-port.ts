import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'

const lowest = 10_000

/**
 * A port that nobody listens on. From below the range of outgoing connections: while a server restarts, such a
 * connection could take its port, or be connected to itself.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const candidate = lowest + Math.floor(Math.random() * (lowestOutgoing() - lowest))
    if (await isFree(candidate)) return candidate
  }
}

function lowestOutgoing(): number {
  try {
    return Math.max(Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10), lowest + 1000)
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
