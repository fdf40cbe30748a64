import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Server } from '@leasehold/test-services'

/** Calls back with the path of a socket of this machine that leads to a server. */
export async function withLocalSocket({ host, port }: Server, use: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'etcd-socket-'))
  const path = join(folder, 'etcd.sock')
  const server = createServer((client) => {
    const way = dial(port, host)
    client.pipe(way).pipe(client)
    for (const end of [client, way]) end.on('error', () => way.destroy())
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  try {
    await use(path)
  } finally {
    await new Promise((resolve) => server.close(resolve))
    await rm(folder, { recursive: true })
  }
}
