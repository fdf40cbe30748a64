import { serversAtAddresses } from '../address.ts'
import { announced } from '../announce.ts'
import { freePort } from '../machine/free-port.ts'
import { LocalServer } from '../machine/local-server.ts'
import type { RestartOptions, Server, ServerOptions, Settings } from '../server.ts'
import { restartAll, startAll, stopAll } from '../server-group.ts'
import { memberRecipe, peerUrl } from './member.ts'

const size = 3

/** A cluster that was started here: where its members reach each other, and what they were told. */
interface Own {
  readonly peerPorts: readonly number[]
  readonly settings: Settings
}

export class EtcdCluster {
  readonly source: string
  readonly members: readonly Server[]
  readonly #own: Own | undefined

  constructor(members: readonly Server[], own?: Own) {
    this.source = members.map((member) => member.source)[0] ?? 'nowhere'
    this.members = members
    this.#own = own
  }

  /** One more member, which has no vote. `add` tells the cluster of it, by the address at which the others reach it. Whoever starts it stops it. */
  async startLearner(add: (peerUrl: string) => Promise<unknown>): Promise<Server> {
    if (this.#own === undefined) throw new Error('a cluster that was not started here takes no members')
    const { peerPorts, settings } = this.#own
    const own = await freePort()
    await add(peerUrl(own))
    const joining = { ...settings, 'initial-cluster-state': 'existing' }
    return LocalServer.start(memberRecipe({ own, all: [...peerPorts, own] }, joining))
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
  const found = serversAtAddresses('LEASEHOLD_ETCD_CLUSTER_URLS', options)
  return announced('etcd cluster', found ? new EtcdCluster(found) : await startMembers(options.settings ?? {}))
}

async function startMembers(settings: Settings): Promise<EtcdCluster> {
  const peerPorts = await Promise.all(Array.from({ length: size }, () => freePort()))
  const members = await startAll(
    peerPorts.map((own) => LocalServer.start(memberRecipe({ own, all: peerPorts }, settings))),
  )
  return new EtcdCluster(members, { peerPorts, settings })
}
