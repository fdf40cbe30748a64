import { type Server, startEtcdCluster, until } from '@leasehold/test-services'
import { Etcd3 } from 'etcd3'
import { type EtcdBackend, type EtcdBackendOptions, etcdBackend } from '../src/index.ts'

export interface TestCluster {
  readonly members: readonly Server[]
  /** A client of all members, as another process would have. */
  open(options?: Partial<EtcdBackendOptions>): EtcdBackend
  /** One more member, without a vote. */
  startLearner(): Promise<Server>
  /** The members, the leader first. */
  ranked(): Promise<[Server, Server, Server]>
  /** Keys of all who hold or wait; by a member that answers. */
  keys(): Promise<string[]>
  stop(): Promise<void>
}

/** By when a cluster with these settings has a new leader. */
export const ELECTION_MS = 1_000

export async function startTestCluster(): Promise<TestCluster> {
  const cluster = await startEtcdCluster({ own: true, settings: { 'heartbeat-interval': 50, 'election-timeout': 500 } })
  const raws = cluster.members.map(({ url }) => new Etcd3({ hosts: url }))
  const opened: EtcdBackend[] = []
  const soon = () => ({ deadline: Date.now() + 1_000 })
  /** The first answer counts. */
  const patiently = () => ({ deadline: Date.now() + 10_000 })
  const leaders = () =>
    Promise.allSettled(raws.map(({ maintenance }) => maintenance.status(soon()).then((status) => status)))
  return {
    members: cluster.members,
    open(options = {}) {
      const backend = etcdBackend({ hosts: cluster.members.map(({ url }) => url), minTtlMs: 1_000, ...options })
      opened.push(backend)
      return backend
    },
    startLearner: () =>
      cluster.startLearner((peerUrl) => {
        const add = async () => raws[0]?.cluster.memberAdd({ peerURLs: [peerUrl], isLearner: true }, patiently())
        // A cluster takes none in its first seconds.
        return until('it is added', () =>
          add().then(
            () => true,
            () => false,
          ),
        )
      }),
    async ranked() {
      for (;;) {
        const statuses = await leaders()
        const leading = statuses.findIndex(
          (each) => each.status === 'fulfilled' && each.value.leader === each.value.header.member_id,
        )
        const leader = cluster.members[leading]
        if (leader === undefined) continue
        return [leader, ...cluster.members.filter((member) => member !== leader)] as [Server, Server, Server]
      }
    },
    async keys() {
      const keys = await Promise.any(raws.map((raw) => raw.getAll().prefix('leasehold/').options(patiently()).keys()))
      return keys.filter((key) => !key.startsWith('leasehold//'))
    },
    async stop() {
      for (const member of cluster.members) member.thaw()
      for (const backend of opened) await backend.close?.()
      for (const raw of raws) raw.close()
      await cluster.stop()
    },
  }
}
