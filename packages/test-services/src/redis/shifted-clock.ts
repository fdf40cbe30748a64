import { announced } from '../announce.ts'
import { LocalServer } from '../machine/local-server.ts'
import { preloaded, tellPreloaded } from '../machine/preloaded.ts'
import type { Server, ServerOptions } from '../server.ts'
import { nodeRecipe } from './node.ts'

/** A Redis whose wall clock can be set while it runs. */
export interface RedisWithClock extends Server {
  /** Its clock is off by this much from now on, in whole milliseconds, forward or back. */
  shiftClock(ms: number): Promise<void>
}

/** One Redis of its own, with a clock of its own. */
export async function startRedisWithClock({ settings = {} }: ServerOptions = {}): Promise<RedisWithClock> {
  const recipe = preloaded(nodeRecipe(settings), 'shifted-clock')
  const server = announced('Redis with a clock of its own', await LocalServer.start(recipe))
  return Object.assign(server, { shiftClock: (ms: number) => tellPreloaded(server, ms) })
}
