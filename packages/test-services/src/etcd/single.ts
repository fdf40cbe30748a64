import type { ContainerRecipe } from '../containers.ts'
import { findServer } from '../find-server.ts'
import { freePort } from '../machine/free-port.ts'
import { LocalServer } from '../machine/local-server.ts'
import type { Server, ServerOptions, Settings } from '../server.ts'
import { etcdNeed, flags, memberRecipe } from './member.ts'

/** An etcd of one member. */
export const startEtcd = (options: ServerOptions = {}): Promise<Server> =>
  findServer({ name: 'etcd', variable: etcdNeed.variable, container, start: startMember }, options)

const anywhere = 'http://0.0.0.0:2379'

const container: ContainerRecipe = {
  image: 'quay.io/coreos/etcd:v3.5.21',
  port: 2379,
  command: (settings) => [
    'etcd',
    ...flags({ 'listen-client-urls': anywhere, 'advertise-client-urls': anywhere, ...settings }),
  ],
  saysReady: /ready to serve client requests/,
  urlAt: (host, port) => `http://${host}:${port}`,
}

async function startMember(settings: Settings): Promise<Server> {
  const own = await freePort()
  return LocalServer.start(memberRecipe({ own, all: [own] }, settings))
}
