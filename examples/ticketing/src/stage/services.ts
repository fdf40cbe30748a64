import {
  type EtcdCluster,
  type Server,
  type ServerOptions,
  startEtcd,
  startEtcdCluster,
  startPostgres,
  startRedis,
} from '@leasehold/test-services'
import { databaseAddress, type ServerAddress } from '../database/open-database.ts'
import { type LockAddress, lockAddress } from '../locks/lock-address.ts'

/** A server that was started for this run. */
export interface Service {
  readonly locks: LockAddress
  stop(): Promise<void>
}

/** One that keeps the data, too. */
export interface DatabaseService extends Service {
  readonly database: ServerAddress
}

const DURABLE = { appendonly: 'yes', appendfsync: 'always' }

const SERVICES = {
  redis: async (options) => service(await startRedis(options)),
  async postgres(options): Promise<DatabaseService> {
    const server = await startPostgres(options)
    return { ...service(server), database: databaseAddress(server.url) }
  },
  async 'redis-quorum'() {
    const servers = await Promise.all([1, 2, 3].map(() => startRedis({ own: true, settings: DURABLE })))
    return {
      locks: { kind: 'redis-quorum', urls: servers.map(({ url }) => url), durable: true },
      stop: async () => {
        await Promise.all(servers.map((server) => server.stop()))
      },
    }
  },
  etcd: async (options) => service(await startEtcd(options)),
  'etcd-cluster': async (options) => service(await startEtcdCluster(options)),
} as const satisfies Record<string, (options: ServerOptions) => Promise<Service>>

export type ServiceName = keyof typeof SERVICES

export const serviceNames = Object.keys(SERVICES) as ServiceName[]

export function serviceName(text: string): ServiceName {
  if (Object.hasOwn(SERVICES, text)) return text as ServiceName
  throw new RangeError(`--with is one of ${serviceNames.join(', ')}.`)
}

/** A server as the tests get theirs: at an address in the environment, in a container, or a program of this machine. `own`: the last, shared with nobody. */
export const startService = <Name extends ServiceName>(name: Name, options: Pick<ServerOptions, 'own'> = {}) =>
  SERVICES[name](options) as ReturnType<(typeof SERVICES)[Name]>

function service(started: Server | EtcdCluster): Service {
  const servers = 'members' in started ? started.members : [started]
  const urls = servers.map(({ url }) => url.replace(/^http/, 'etcd').replace(/\/$/, ''))
  return { locks: lockAddress(urls.join(',')), stop: () => started.stop() }
}
