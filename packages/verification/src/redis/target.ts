import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { Clock, LockBackend } from '@leasehold/core'
import type { FaultHooks } from '@leasehold/core/conformance'
import { askRedis, type Server, startRedis } from '@leasehold/test-services'
import type { RunningTarget } from '../conformance/running-target.ts'
import { TcpProxy } from '../loopback/tcp-proxy.ts'
import { openRedis } from './client.ts'

/** One real Redis, with every fault hook that has a meaning for it. */
export async function startRedisTarget(): Promise<RunningTarget> {
  const server = await startRedis({ own: true })
  const proxies: TcpProxy[] = []
  /** By which name the server knows the connections of each client. */
  const names = new WeakMap<LockBackend, string>()
  const open = (clock: Clock, url = server.url): LockBackend => {
    const name = randomUUID()
    const backend = openRedis(url, name, clock)
    names.set(backend, name)
    return backend
  }
  return {
    target: { name: 'redis', open: ({ clock }) => open(clock), faults: faults(server, proxies, open, names) },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await server.stop()
    },
  }
}

const faults = (
  server: Server,
  proxies: TcpProxy[],
  open: (clock: Clock, url: string) => LockBackend,
  names: WeakMap<LockBackend, string>,
): FaultHooks => ({
  holderProgram: {
    path: fileURLToPath(new URL('./holder.ts', import.meta.url)),
    args: [server.url],
    execArgv: ['--import', 'tsx'],
  },
  async openLinked({ clock }) {
    const url = new URL(server.url)
    const proxy = new TcpProxy(Number(url.port))
    proxies.push(proxy)
    url.port = String(await proxy.port())
    const backend = open(clock, url.href)
    // A client in use: its connection stands before the link is harmed.
    await backend.inspect?.('any')
    return { backend, link: proxy }
  },
  restartKeepingData: () => server.restart(),
  restartEmpty: () => server.restart({ keepData: false }),
  async killSession(backend) {
    const clients = (await askRedis(server, 'client', 'list')).split('\n')
    const own = clients.filter((client) => client.includes(` name=${names.get(backend)} `))
    for (const client of own) await askRedis(server, 'client', 'kill', 'id', /^id=(\d+)/.exec(client)?.[1] ?? '')
  },
})
