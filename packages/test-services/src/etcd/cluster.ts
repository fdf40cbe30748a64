import { serversAtAddresses } from '../address.ts'
import { announced } from '../announce.ts'
import { freePort } from '../machine/free-port.ts'
import { LocalServer } from '../machine/local-server.ts'
import type { RestartOptions, Server, ServerOptions, Settings } from '../server.ts'
import { restartAll, startAll, stopAll } from '../server-group.ts'
import { memberRecipe } from './member.ts'

const size = 3

export class EtcdCluster {
  readonly source: string
  readonly members: readonly Server[]

  constructor(members: readonly Server[]) {
    this.source = members.map((member) => member.source)[0] ?? 'nowhere'
    this.members = members
  }

  /** One member alone cannot come back empty: the others remember it. All together can. */
  restart(options: RestartOptions = {}): Promise<void> {
    return restartAll(this.members, options)
  }

  stop(): Promise<void> {
    return stopAll(this.members)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}

/** An etcd of three members, which has a leader when this resolves. */
export async function startEtcdCluster(options: ServerOptions = {}): Promise<EtcdCluster> {
  const members =
    serversAtAddresses('LEASEHOLD_ETCD_CLUSTER_URLS', options) ?? (await startMembers(options.settings ?? {}))
  return announced('etcd cluster', new EtcdCluster(members))
}

async function startMembers(settings: Settings): Promise<Server[]> {
  const all = await Promise.all(Array.from({ length: size }, () => freePort()))
  return startAll(all.map((own) => LocalServer.start(memberRecipe({ own, all }, settings))))
}
