import type { FaultHooks } from '@leasehold/core/conformance'
import { type RestartOptions, type Server, startEtcd, startEtcdCluster, TcpProxy } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import { holderProgramOf } from '../conformance/holder-program.ts'
import { linkHooks, oneLink } from '../conformance/links.ts'
import type { RunningTarget } from '../conformance/running-target.ts'
import { type Client, ETCD_SETTINGS, type Open, openerOf } from './client.ts'

/** A real etcd of one member or more, all of which restart together. */
interface Etcd {
  readonly name: string
  readonly client: Client
  readonly members: readonly Server[]
  restart(options?: RestartOptions): Promise<void>
  stop(): Promise<void>
}

/** One member, with every fault hook that has a meaning for it. */
export const startEtcdTarget = (): Promise<RunningTarget> => startOne('etcd', 'own')

/** The same, by way of the package `etcd3`. */
export const startEtcd3Target = (): Promise<RunningTarget> => startOne('etcd-etcd3', 'etcd3')

async function startOne(name: string, client: Client): Promise<RunningTarget> {
  const server = await startEtcd({ own: true, settings: ETCD_SETTINGS })
  const restart = (options?: RestartOptions) => server.restart(options)
  return targetOf({ name, client, members: [server], restart, stop: () => server.stop() })
}

/** Three members, with the same hooks. What befalls one of them is tested beside the backend. */
export async function startEtcdClusterTarget(): Promise<RunningTarget> {
  const cluster = await startEtcdCluster({ own: true, settings: ETCD_SETTINGS })
  const restart = (options?: RestartOptions) => cluster.restart(options)
  const { members } = cluster
  return targetOf({ name: 'etcd-cluster', client: 'own', members, restart, stop: () => cluster.stop() })
}

async function targetOf(etcd: Etcd): Promise<RunningTarget> {
  const urls = etcd.members.map(({ url }) => url)
  const proxies: TcpProxy[] = []
  const open = await openerOf(etcd.client)
  return {
    target: { name: etcd.name, open: () => open(urls), faults: await faults(etcd, urls, open, proxies) },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await etcd.stop()
    },
  }
}

const faults = async (etcd: Etcd, urls: readonly string[], open: Open, proxies: TcpProxy[]): Promise<FaultHooks> => ({
  holderProgram: await holderProgramOf(import.meta.url, [etcd.client, ...urls]),
  ...linkHooks(
    async () => {
      const own = await Promise.all(etcd.members.map((member) => TcpProxy.open(member)))
      proxies.push(...own)
      const hosts = own.map((proxy, i) => proxy.through(urls[i] ?? ''))
      return { backend: open(hosts, 5_000), link: oneLink(own) }
    },
    { isOwnConnection: etcd.client === 'own' },
  ),
  restartKeepingData: () => etcd.restart(),
  restartEmpty: () => etcd.restart({ keepData: false }),
  killSession: () => revokeAll(urls),
})

/** Cases run one after the other: whatever holds a lease now belongs to the one client that is to be harmed. */
async function revokeAll(hosts: readonly string[]): Promise<void> {
  const client = new Etcd3({ hosts: [...hosts] })
  const { leases } = await client.leaseClient.leaseLeases()
  await Promise.all(leases.map(({ ID }) => client.leaseClient.leaseRevoke({ ID })))
  client.close()
}
