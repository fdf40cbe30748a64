import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import type { LockBackend } from '@leasehold/core'
import type { FaultHooks } from '@leasehold/core/conformance'
import { migrate } from '@leasehold/postgres'
import { type Server, startPgBouncer, startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import type { RunningTarget } from '../conformance/running-target.ts'
import { TcpProxy } from '../loopback/tcp-proxy.ts'
import { openRows, POOL_SIZE } from './client.ts'

/** Lease rows on a real Postgres, with every fault hook that has a meaning for them. */
export async function startPostgresRows(): Promise<RunningTarget> {
  const server = await startPostgres({ own: true })
  return rowsTarget('postgres-rows', server, server.url, () => server.stop())
}

/** The same behind a PgBouncer in transaction mode, whose few sessions all clients share. */
export async function startPooledPostgresRows(): Promise<RunningTarget> {
  const server = await startPostgres({ own: true })
  // After a restart of Postgres it would refuse everybody for 15 s.
  const settings = { default_pool_size: 2, server_login_retry: 0.1 }
  const pooler = await startPgBouncer({ postgres: server, own: true, settings })
  return rowsTarget('postgres-rows-pgbouncer', server, pooler.url, async () => {
    await pooler.stop()
    await server.stop()
  })
}

async function rowsTarget(
  name: string,
  server: Server,
  url: string,
  stopServers: () => Promise<void>,
): Promise<RunningTarget> {
  await withPool(server.url, migrate)
  const proxies: TcpProxy[] = []
  /** By which name the server knows the connections of each client. */
  const names = new WeakMap<LockBackend, string>()
  const open = (poolUrl = url): LockBackend => {
    const clientName = randomUUID()
    // A harmed link harms everything that goes to the server directly.
    const listenUrl = url === server.url ? poolUrl : server.url
    const backend = openRows({ poolUrl, listenUrl, name: clientName })
    names.set(backend, clientName)
    return backend
  }
  return {
    target: { name, open: () => open(), faults: faults(server, url, proxies, open, names) },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await stopServers()
    },
  }
}

const faults = (
  server: Server,
  clientUrl: string,
  proxies: TcpProxy[],
  open: (url: string) => LockBackend,
  names: WeakMap<LockBackend, string>,
): FaultHooks => ({
  holderProgram: {
    path: fileURLToPath(new URL('./holder.ts', import.meta.url)),
    args: [clientUrl, server.url],
    execArgv: ['--import', 'tsx'],
  },
  async openLinked() {
    const url = new URL(clientUrl)
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
