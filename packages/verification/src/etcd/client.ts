import { type EtcdBackend, etcdBackend } from '@leasehold/etcd'

/** What an etcd grants that elects a leader within half a second. */
export const ETCD_SETTINGS = { 'heartbeat-interval': 50, 'election-timeout': 500 }
const MIN_TTL_MS = 1_000

/** A client as another process would have. A link may be slower than requests take otherwise. */
export const openEtcd = (hosts: string | string[], deadlineMs = 2_000): EtcdBackend =>
  etcdBackend({ hosts, minTtlMs: MIN_TTL_MS, deadlineMs })
