import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { LockBackend } from '@leasehold/core'
import type { FaultHooks } from '@leasehold/core/conformance'
import { migrate } from '@leasehold/postgres'
import { type Server, startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import type { RunningTarget } from '../conformance/running-target.ts'
import { TcpProxy } from '../loopback/tcp-proxy.ts'
import { openRows, POOL_SIZE } from './client.ts'

/** Lease rows on a real Postgres, with every fault hook that has a meaning for them. */
export async function startPostgresRows(): Promise<RunningTarget> {
  const server = await startPostgres({ own: true })
  await withPool(server.url, migrate)
  const proxies: TcpProxy[] = []
  /** By which name the server knows the connections of each client. */
  const names = new WeakMap<LockBackend, string>()
  const open = (url = server.url): LockBackend => {
    const name = randomUUID()
    const backend = openRows(url, name)
    names.set(backend, name)
    return backend
  }
  return {
    target: {
      name: 'postgres-rows',
      open: () => open(),
      faults: faults(server, proxies, open, names),
    },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await server.stop()
    },
  }
}

const faults = (
  server: Server,
  proxies: TcpProxy[],
  open: (url: string) => LockBackend,
  names: WeakMap<LockBackend, string>,
): FaultHooks => ({
  holderProgram: {
    path: fileURLToPath(new URL('./holder.ts', import.meta.url)),
    args: [server.url],
    execArgv: ['--import', 'tsx'],
  },
  async openLinked() {
    const url = new URL(server.url)
    const proxy = new TcpProxy(Number(url.port))
    proxies.push(proxy)
    url.port = String(await proxy.port())
    const backend = open(url.href)
    // A pool in use: its connections stand before the link is harmed.
    await Promise.all(Array.from({ length: POOL_SIZE }, () => backend.inspect?.('any')))
    return { backend, link: proxy }
  },
  restartKeepingData: () => server.restart(),
  async restartEmpty() {
    await server.restart({ keepData: false })
    await withPool(server.url, migrate)
  },
  killSession: (backend) =>
    withPool(server.url, async (pool) => {
      const ofClient = 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1'
      await pool.query(ofClient, [names.get(backend)])
    }),
})

async function withPool(connectionString: string, use: (pool: pg.Pool) => Promise<unknown>): Promise<void> {
  const pool = new pg.Pool({ connectionString, max: 1 })
  try {
    await use(pool)
  } finally {
    await pool.end()
  }
}
