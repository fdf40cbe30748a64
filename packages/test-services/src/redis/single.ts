import { serverAtAddress } from '../address.ts'
import { announced } from '../announce.ts'
import { LocalServer } from '../machine/local-server.ts'
import type { Server, ServerOptions } from '../server.ts'
import { nodeRecipe, replicaRecipe } from './node.ts'

/** One Redis, by itself. */
export async function startRedis(options: ServerOptions = {}): Promise<Server> {
  const { settings = {} } = options
  const server = serverAtAddress('LEASEHOLD_REDIS_URL', options) ?? (await LocalServer.start(nodeRecipe(settings)))
  return announced('Redis', server)
}

/** A replica of a Redis that was started here. */
export const startRedisReplica = async (primary: Server, { settings = {} }: ServerOptions = {}): Promise<Server> =>
  announced('Redis replica', await LocalServer.start(replicaRecipe(primary.port, settings)))
