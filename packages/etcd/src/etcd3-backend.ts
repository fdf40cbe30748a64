import type { Etcd3 } from 'etcd3'
import { backendAt, type EtcdBackend, type EtcdBackendSettings } from './backend.ts'
import { connectEtcd3, type Etcd3Options } from './etcd3-connection.ts'

export interface Etcd3BackendOptions extends EtcdBackendSettings {
  /**
   * Its `hosts`, `credentials`, `auth` and `grpcOptions` are used, by clients of our own: nothing is sent over it. How it repeats what failed is not taken over, since nothing may be
   * sent twice.
   */
  readonly client: Etcd3
}

/** The locks of `etcdBackend` by way of the package `etcd3`. Throws a `TypeError` where `client` is no `Etcd3`. */
export function etcd3Backend({ client, ...settings }: Etcd3BackendOptions): EtcdBackend {
  const { hosts, ...options } = optionsOf(client)
  return backendAt(hosts, settings, (host, deadlineMs) => connectEtcd3({ ...options, hosts: host }, deadlineMs))
}

/** Where the driver keeps them; its types do not show it. */
interface KeepsOptions {
  readonly pool?: { readonly options?: Partial<Etcd3Options> }
}

/** What it takes for the host where none was named. */
const BY_DEFAULT = '127.0.0.1:2379'

function optionsOf(client: object): Etcd3Options {
  const options = (client as KeepsOptions | undefined)?.pool?.options
  if (options === undefined) throw new TypeError('client must be an Etcd3 of the package etcd3')
  const { hosts = BY_DEFAULT, credentials, auth, grpcOptions } = options
  return {
    hosts,
    ...(credentials && { credentials }),
    ...(auth && { auth }),
    ...(grpcOptions && { grpcOptions }),
  }
}
