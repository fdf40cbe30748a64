import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'

type FetchHandler = Parameters<typeof getRequestListener>[0]

export interface Served {
  readonly address: string
  close(): Promise<void>
}

/** Serves on this machine alone. With `orAnyPort`, a port that is taken is replaced by a free one. */
export async function serve(app: { readonly fetch: FetchHandler }, port: number, orAnyPort = false): Promise<Served> {
  const server = createServer(getRequestListener(app.fetch))
  await listen(server, port).catch((error: NodeJS.ErrnoException) => {
    if (!orAnyPort || error.code !== 'EADDRINUSE') throw error
    return listen(server, 0)
  })
  const { port: bound } = server.address() as AddressInfo
  return { address: `http://localhost:${bound}`, close: () => close(server) }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, 'localhost', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Live seat maps never end by themselves. */
function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
