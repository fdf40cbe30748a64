import { randomUUID } from 'node:crypto'
import type { LockBackend } from '@leasehold/core'
import type { FaultHooks } from '@leasehold/core/conformance'
import { askRedis, type Server, startRedis, TcpProxy } from '@leasehold/test-services'
import { holderProgramOf } from '../conformance/holder-program.ts'
import { linkHooks, oneLink } from '../conformance/links.ts'
import type { RunningTarget } from '../conformance/running-target.ts'
import { openQuorum } from './client.ts'

/** Every command is in the file before it is answered: here processes end, and no machine does. */
const DURABLE = { appendonly: 'yes' }

/** Three independent servers. */
export async function startQuorumTarget(): Promise<RunningTarget> {
  const servers = await startServers(3)
  return running('redis-quorum', servers, servers)
}

/** Five, of which one is away and one hangs: the other three are all that a majority takes. */
export async function startPoorQuorumTarget(): Promise<RunningTarget> {
  const servers = await startServers(5)
  const [away, hanging, ...living] = servers as [Server, Server, ...Server[]]
  await away.kill()
  hanging.freeze()
  return running('redis-quorum-5', servers, living)
}

const startServers = (count: number): Promise<Server[]> =>
  Promise.all(Array.from({ length: count }, () => startRedis({ own: true, settings: DURABLE })))

async function running(name: string, servers: readonly Server[], living: readonly Server[]): Promise<RunningTarget> {
  const urls = servers.map(({ url }) => url)
  const proxies: TcpProxy[] = []
  /** By which name the servers know the connections of each client. */
  const names = new WeakMap<LockBackend, string>()
  const open = (throughUrls = urls): LockBackend => {
    const clientName = randomUUID()
    const backend = openQuorum(throughUrls, clientName)
    names.set(backend, clientName)
    return backend
  }
  return {
    target: {
      name,
      // Five servers want a share of the machine, too.
      ttlMs: 600,
      open: () => open(),
      faults: {
        ...restarts(living),
        holderProgram: await holderProgramOf(import.meta.url, urls),
        ...linkHooks(async () => {
          const between = await Promise.all(servers.map((server) => TcpProxy.open(server)))
          proxies.push(...between)
          const backend = open(between.map((proxy, index) => proxy.through(urls[index] ?? '')))
          // A client in use: its connections stand before the links are harmed.
          await backend.inspect?.('any')
          return { backend, link: oneLink(between) }
        }),
        // Where a minority gives no answer, what the others refuse is not taken for the answer of all.
        ...(living.length === servers.length && {
          openRefused: () => openQuorum(urls, 'stranger', { username: 'nobody', password: 'wrong' }),
        }),
        async killSession(backend) {
          for (const server of living) await killClients(server, names.get(backend) ?? '')
        },
      },
    },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      for (const server of servers) await server.stop()
    },
  }
}

const restarts = (living: readonly Server[]): FaultHooks => ({
  async restartKeepingData() {
    await Promise.all(living.map((server) => server.restart()))
  },
  async restartEmpty() {
    await Promise.all(living.map((server) => server.kill()))
    await Promise.all(living.map((server) => server.restart({ keepData: false })))
  },
})

async function killClients(server: Server, name: string): Promise<void> {
  const clients = (await askRedis(server, 'client', 'list')).split('\n')
  const own = clients.filter((client) => client.includes(` name=leasehold:${name} `))
  for (const client of own) await askRedis(server, 'client', 'kill', 'id', /^id=(\d+)/.exec(client)?.[1] ?? '')
}
