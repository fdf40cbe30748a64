import { serverAtAddress } from './address.ts'
import { announced } from './announce.ts'
import { type ContainerRecipe, serverInContainer } from './containers.ts'
import type { Server, ServerOptions, Settings } from './server.ts'

/** The places where a kind of server may come from. */
export interface Places {
  readonly name: string
  readonly variable: string
  readonly container?: ContainerRecipe
  start(settings: Settings): Promise<Server>
}

/** The address in the environment; else a container; else a program of this machine. */
export async function findServer(places: Places, options: ServerOptions): Promise<Server> {
  return announced(
    places.name,
    serverAtAddress(places.variable, options) ??
      (places.container && (await serverInContainer(places.container, options))) ??
      (await places.start(options.settings ?? {})),
  )
}
