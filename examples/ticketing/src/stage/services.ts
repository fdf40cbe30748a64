import { type Server, startEtcd, startEtcdCluster, startPostgres, startRedis } from '@leasehold/test-services'
import { type LockAddress, lockAddress } from '../locks/lock-address.ts'

/** A server that was started for this run. */
export interface Service {
  readonly locks: LockAddress
  readonly url: string
  stop(): Promise<void>
}

const SERVICES = {
  redis: async () => service(await startRedis()),
  postgres: async () => service(await startPostgres()),
  etcd: async () => service(await startEtcd()),
  'etcd-cluster': async () => {
    const cluster = await startEtcdCluster()
    return { ...service(cluster, cluster.members), url: '' }
  },
} as const satisfies Record<string, () => Promise<Service>>

export type ServiceName = keyof typeof SERVICES

export const serviceNames = Object.keys(SERVICES) as ServiceName[]

export function serviceName(text: string): ServiceName {
  if (Object.hasOwn(SERVICES, text)) return text as ServiceName
  throw new RangeError(`--with is one of ${serviceNames.join(', ')}.`)
}

/** A server as the tests get theirs: at an address in the environment, in a container, or a program of this machine. */
export const startService = (name: ServiceName): Promise<Service> => SERVICES[name]()

function service(started: Pick<Server, 'stop'>, servers: readonly Server[] = [started as Server]): Service {
  const urls = servers.map(({ url }) => url.replace(/^http/, 'etcd').replace(/\/$/, ''))
  return { locks: lockAddress(urls.join(',')), url: urls[0] ?? '', stop: () => started.stop() }
}
