import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** On this machine alone. With `orAnyPort`, a port that is taken is replaced by a free one. */
export async function listen(server: Server, port: number, orAnyPort: boolean): Promise<string> {
  await listenOn(server, port).catch((error: NodeJS.ErrnoException) => {
    if (!orAnyPort || error.code !== 'EADDRINUSE') throw error
    return listenOn(server, 0)
  })
  const { port: bound } = server.address() as AddressInfo
  return `http://localhost:${bound}`
}

function listenOn(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, 'localhost', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Live seat maps never end by themselves. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
