import type { Claim, LockBackend } from '@leasehold/core'
import { askRedis, type Server, type Settings, startRedis, TcpProxy, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { type RedisQuorumBackendOptions, redisQuorumBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'

/** Nobody listens there. */
export const NOWHERE = 'redis://127.0.0.1:1'

/** Independent servers of a test file's own, and clients of them that end with it. */
export interface QuorumStanding {
  readonly servers: readonly Server[]
  readonly urls: readonly string[]
  open(urls?: readonly string[], options?: Partial<RedisQuorumBackendOptions>, as?: Record<string, string>): LockBackend
  /** A way of its own to the server. */
  proxy(index: number): Promise<TcpProxy>
  /** On which servers the key is held, as digits: `101`. */
  holds(key: string): Promise<string>
  /** Holds the key at these servers, of which the client knows as many: its connections stand. */
  holdAt(backend: LockBackend, key: string, where: string, ttlMs?: number): Promise<Claim>
  stop(): Promise<void>
}

export async function startQuorumStanding(count: number, settings: Settings = {}): Promise<QuorumStanding> {
  const servers = await Promise.all(Array.from({ length: count }, () => startRedis({ own: true, settings })))
  const ends: (() => Promise<unknown>)[] = []
  const urls = servers.map(({ url }) => url)
  const holds = async (key: string) => {
    const answers = servers.map((server) =>
      askRedis(server, 'hexists', keyNames('leasehold-quorum:', key).hold, 'holder'),
    )
    return (await Promise.all(answers)).join('')
  }
  return {
    servers,
    urls,
    open(through = urls, options = {}, as = {}) {
      const clients = through.map((url) => new Redis(url, { ...as, lazyConnect: true }))
      const backend = redisQuorumBackend({ clients, durable: settings['appendonly'] === 'yes', ...options })
      ends.push(async () => backend.close?.())
      return backend
    },
    async proxy(index) {
      const proxy = await TcpProxy.open(servers[index] as Server)
      ends.push(() => proxy.close())
      return proxy
    },
    holds,
    async holdAt(backend, key, where, ttlMs) {
      const claim = claimOn(key)
      const attempt = () => backend.tryAcquire(claim, terms(ttlMs)).catch(() => ({ granted: false }))
      await until(`${key} is held at ${where}`, async () => (await attempt()).granted && (await holds(key)) === where)
      return claim
    },
    async stop() {
      for (const end of ends) await end()
      for (const server of servers) await server.stop()
    },
  }
}
