import { fileURLToPath } from 'node:url'
import type { FaultHooks } from '@leasehold/core/conformance'
import { type Server, startEtcd, TcpProxy } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import type { RunningTarget } from '../conformance/running-target.ts'
import { ETCD_SETTINGS, openEtcd } from './client.ts'

/** A real etcd of one member, with every fault hook that has a meaning for it. */
export async function startEtcdTarget(): Promise<RunningTarget> {
  const server = await startEtcd({ own: true, settings: ETCD_SETTINGS })
  const proxies: TcpProxy[] = []
  return {
    target: {
      name: 'etcd',
      open: ({ clock }) => openEtcd(server.url, clock),
      faults: faults(server, proxies),
    },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await server.stop()
    },
  }
}

const faults = (server: Server, proxies: TcpProxy[]): FaultHooks => ({
  holderProgram: {
    path: fileURLToPath(new URL('./holder.ts', import.meta.url)),
    args: [server.url],
    execArgv: ['--import', 'tsx'],
  },
  async openLinked({ clock }) {
    const proxy = await TcpProxy.open(server)
    proxies.push(proxy)
    return { backend: openEtcd(proxy.through(server.url).replace(/\/$/, ''), clock, 5_000), link: proxy }
  },
  restartKeepingData: () => server.restart(),
  restartEmpty: () => server.restart({ keepData: false }),
  killSession: () => revokeAll(server),
})

/** Cases run one after the other: whatever holds a lease now belongs to the one client that is to be harmed. */
async function revokeAll({ url }: Server): Promise<void> {
  const client = new Etcd3({ hosts: url })
  const { leases } = await client.leaseClient.leaseLeases()
  await Promise.all(leases.map(({ ID }) => client.leaseClient.leaseRevoke({ ID })))
  client.close()
}
