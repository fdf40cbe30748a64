import type { LockBackend } from '@leasehold/core'
import type { FaultHooks } from '@leasehold/core/conformance'
import { holderProgramOf } from '../conformance/holder-program.ts'
import { linkHooks } from '../conformance/links.ts'
import type { RunningTarget } from '../conformance/running-target.ts'
import { loopbackBackend } from './backend.ts'
import type { Connection } from './connection.ts'
import { LoopbackServer } from './server.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** The loopback server: real time, real processes, real connections, and every fault hook but one. */
export async function startLoopback(): Promise<RunningTarget> {
  const server = new LoopbackServer()
  await server.start()
  const proxies: TcpProxy[] = []
  return {
    target: {
      name: 'loopback',
      open: () => loopbackBackend(server.port),
      faults: await faults(server, proxies),
    },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await server.stop()
    },
  }
}

/** The loopback server lets everybody in: what a server says that does not. */
const refuse = () => Promise.reject(new Error('turned away'))
const turnedAway: Partial<LockBackend> = {
  tryAcquire: refuse,
  waitForTurn: refuse,
  renew: refuse,
  release: refuse,
  releaseAll: refuse,
  classifyError: () => 'refused',
}

const faults = async (server: LoopbackServer, proxies: TcpProxy[]): Promise<FaultHooks> => ({
  holderProgram: await holderProgramOf(import.meta.url, [String(server.port)]),
  ...linkHooks(async () => {
    const proxy = new TcpProxy(server.port)
    proxies.push(proxy)
    return { backend: loopbackBackend(await proxy.port()), link: proxy }
  }),
  async restartKeepingData() {
    await server.stop()
    await server.start()
  },
  async restartEmpty() {
    await server.stop()
    server.forgetAll()
    await server.start()
  },
  raiseTokens: async (above) => server.raiseTokens(above),
  async stall(key) {
    const goOn = server.stall(key)
    return async () => goOn()
  },
  openRefused: () => ({ ...loopbackBackend(server.port), ...turnedAway }),
  async killSession(backend: LockBackend & { connection?: Connection }) {
    server.end((await backend.connection?.localPort()) ?? 0)
  },
})
