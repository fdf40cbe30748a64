import type { LockBackend } from '@leasehold/core'
import { askRedis, type Server, type Settings, startRedis } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { redisBackend } from '../src/index.ts'
import { claimOn, terms } from './claims.ts'

interface ClientOptions {
  readonly username?: string
  readonly password?: string
  readonly connectionName?: string
  readonly db?: number
}

/** A Redis of this test file's own, and clients of it that end with it. */
export interface Standing {
  readonly server: Server
  open(options?: ClientOptions, url?: string): LockBackend
  /** What the server says. */
  ask(...command: string[]): Promise<string>
  stop(): Promise<void>
}

export async function startStanding(settings: Settings = {}): Promise<Standing> {
  const server = await startRedis({ own: true, settings })
  const opened: LockBackend[] = []
  return {
    server,
    open(options = {}, url = server.url) {
      const backend = redisBackend({ client: new Redis(url, { ...options, lazyConnect: true }) })
      opened.push(backend)
      return backend
    },
    ask: (...command) => askRedis(server, ...command),
    async stop() {
      for (const backend of opened) await backend.close?.()
      await server.stop()
    },
  }
}

/** Takes the key for a moment; the token. */
export async function visit(backend: LockBackend, key: string): Promise<bigint> {
  const claim = claimOn(key)
  const grant = await backend.tryAcquire(claim, terms())
  await backend.release(claim)
  return grant.granted ? grant.fencingToken : 0n
}

/** For how many keys whose names begin so somebody stands in line. */
export async function linesOf(servers: readonly Server[], prefix: string): Promise<number> {
  const pattern = `leasehold:*:${prefix}*:queue`
  const all = await Promise.all(servers.map((server) => askRedis(server, 'keys', pattern)))
  return all.flatMap((names) => names.split('\n').filter(Boolean)).length
}

/** How often the server was asked to run a script, and did. */
export const scriptsRun = ({ server }: Standing): Promise<number> => scriptsRunAt(server)

export async function scriptsRunAt(server: Server): Promise<number> {
  const stats = (await askRedis(server, 'info', 'commandstats')).matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)
  return [...stats].reduce((sum, [, calls]) => sum + Number(calls), 0)
}
