import { backendAt, type EtcdBackend, type EtcdBackendSettings } from './backend.ts'
import { connectEtcd } from './client/connect.ts'
import type { EtcdOptions } from './client/options.ts'

export interface EtcdBackendOptions extends EtcdOptions, EtcdBackendSettings {}

/**
 * Locks on etcd: linearizable, first in, first out, with tokens that survive the loss of a node. *Exclusion of valid leases*
 * as long as etcd keeps its data. Throws a `TypeError` or a `RangeError` for options that cannot be used.
 */
export const etcdBackend = ({ hosts, credentials, auth, grpcOptions, ...settings }: EtcdBackendOptions): EtcdBackend =>
  backendAt(hosts, settings, (host, deadlineMs) =>
    connectEtcd({ hosts: host, credentials, auth, grpcOptions }, deadlineMs),
  )
