import { serverAtAddress } from '../address.ts'
import { announced } from '../announce.ts'
import { freePort } from '../machine/free-port.ts'
import { LocalServer } from '../machine/local-server.ts'
import type { Server, ServerOptions, Settings } from '../server.ts'
import { memberRecipe } from './member.ts'

/** An etcd of one member. */
export async function startEtcd(options: ServerOptions = {}): Promise<Server> {
  const server = serverAtAddress('LEASEHOLD_ETCD_URL', options) ?? (await startMember(options.settings ?? {}))
  return announced('etcd', server)
}

async function startMember(settings: Settings): Promise<Server> {
  const own = await freePort()
  return LocalServer.start(memberRecipe({ own, all: [own] }, settings))
}
