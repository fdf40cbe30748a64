import { announced } from '../announce.ts'
import type { ContainerRecipe } from '../containers.ts'
import { findServer } from '../find-server.ts'
import { LocalServer } from '../machine/local-server.ts'
import type { Server, ServerOptions } from '../server.ts'
import { until } from '../until.ts'
import { askRedis } from './ask.ts'
import { nodeRecipe, redisNeed } from './node.ts'

/** One Redis, by itself. */
export const startRedis = (options: ServerOptions = {}): Promise<Server> =>
  findServer(
    {
      name: 'Redis',
      variable: redisNeed.variable,
      container,
      start: (settings) => LocalServer.start(nodeRecipe(settings)),
    },
    options,
  )

const container: ContainerRecipe = {
  image: 'redis:7-alpine',
  port: 6379,
  command: (settings) => [
    'redis-server',
    ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
  ],
  saysReady: /Ready to accept connections/,
  urlAt: (host, port) => `redis://${host}:${port}`,
}

/** A replica of a Redis that was started here. It has the primary's data when this resolves. */
export async function startRedisReplica(primary: Server, { settings = {} }: ServerOptions = {}): Promise<Server> {
  const replicaof = `${primary.host} ${primary.port}`
  const replica = announced('Redis replica', await LocalServer.start(nodeRecipe({ ...settings, replicaof })))
  await until('the replica has what the primary has', async () =>
    (await askRedis(replica, 'info', 'replication')).includes('master_link_status:up'),
  )
  return replica
}
