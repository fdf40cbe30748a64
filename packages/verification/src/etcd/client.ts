import { type EtcdBackend, etcdBackend } from '@leasehold/etcd'

/** What an etcd grants that elects a leader within half a second. */
export const ETCD_SETTINGS = { 'heartbeat-interval': 50, 'election-timeout': 500 }
const MIN_TTL_MS = 1_000
const DEADLINE_MS = 2_000

/** By what the members are asked. */
export type Client = 'own' | 'etcd3'

/** A client as another process would have. A link may be slower than requests take otherwise. */
export type Open = (hosts: readonly string[], deadlineMs?: number) => EtcdBackend

/** The driver is loaded where it is asked for. */
export const openerOf = async (client: Client): Promise<Open> => (client === 'own' ? openOwn : openByEtcd3())

const openOwn: Open = (hosts, deadlineMs = DEADLINE_MS) => etcdBackend({ hosts, minTtlMs: MIN_TTL_MS, deadlineMs })

async function openByEtcd3(): Promise<Open> {
  const { Etcd3 } = await import('etcd3')
  const { etcd3Backend } = await import('@leasehold/etcd/etcd3')
  // What a user has: nothing is sent over it.
  const clientOf = (hosts: readonly string[]) => new Etcd3({ hosts: [...hosts] })
  return (hosts, deadlineMs = DEADLINE_MS) =>
    etcd3Backend({ client: clientOf(hosts), minTtlMs: MIN_TTL_MS, deadlineMs })
}
