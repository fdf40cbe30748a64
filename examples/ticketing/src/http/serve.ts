import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { closeServer, listen } from './listen.ts'

type FetchHandler = Parameters<typeof getRequestListener>[0]

export interface Served {
  readonly address: string
  close(): Promise<void>
}

/** Serves on this machine alone. With `orAnyPort`, a port that is taken is replaced by a free one. */
export async function serve(app: { readonly fetch: FetchHandler }, port: number, orAnyPort = false): Promise<Served> {
  const server = createServer(getRequestListener(app.fetch))
  const address = await listen(server, port, orAnyPort)
  return { address, close: () => closeServer(server) }
}
