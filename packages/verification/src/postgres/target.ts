import { randomUUID } from 'node:crypto'
import { PGlite } from '@electric-sql/pglite'
import type { Claim, LockBackend } from '@leasehold/core'
import type { FaultHooks } from '@leasehold/core/conformance'
import { migrate, schemaSql } from '@leasehold/postgres'
import { type Server, startPgBouncer, startPostgres } from '@leasehold/test-services'
import pg from 'pg'
import { holderProgramOf } from '../conformance/holder-program.ts'
import { linkHooks } from '../conformance/links.ts'
import type { RunningTarget } from '../conformance/running-target.ts'
import { TcpProxy } from '../loopback/tcp-proxy.ts'
import { openAdvisory, openPglite, openPostgresJs, openRows, POOL_SIZE } from './client.ts'

interface Strategy {
  readonly name: string
  readonly server: Server
  /** Where clients are sent. */
  readonly url: string
  /** As the program of the holder takes it. */
  readonly holder: 'rows' | 'advisory' | 'postgres-js'
  /** A client whose connections the server knows by this name. */
  open(url: string, clientName: string): LockBackend
  /** Brings its connections up, as in a client that has been in use. */
  warmUp(backend: LockBackend): Promise<unknown>
  readonly collidingKeys?: readonly [string, string]
}

/** Found by a search of 5.7 thousand million hashes: in the default schema, the first 64 bits are the same. */
const COLLIDING_KEYS = ['8083f447d7322f86', '0d94abfb807b2cf0'] as const

/** Lease rows on a real Postgres, with every fault hook that has a meaning for them. */
export async function startPostgresRows(): Promise<RunningTarget> {
  const server = await startPostgres({ own: true })
  return runningTarget(rowsBy('postgres-rows', server, server.url), () => server.stop())
}

/** The same behind a PgBouncer in transaction mode, whose few sessions all clients share. */
export async function startPooledPostgresRows(): Promise<RunningTarget> {
  const server = await startPostgres({ own: true })
  // After a restart of Postgres it would refuse everybody for 15 s.
  const settings = { default_pool_size: 2, server_login_retry: 0.1 }
  const pooler = await startPgBouncer({ postgres: server, own: true, settings })
  return runningTarget(rowsBy('postgres-rows-pgbouncer', server, pooler.url), async () => {
    await pooler.stop()
    await server.stop()
  })
}

/** Lease rows by postgres.js. */
export async function startPostgresJsRows(): Promise<RunningTarget> {
  const server = await startPostgres({ own: true })
  const strategy: Strategy = {
    ...rowsBy('postgres-rows-postgres-js', server, server.url),
    holder: 'postgres-js',
    open: (url, name) => openPostgresJs({ poolUrl: url, listenUrl: url, name }),
    // It asks each connection for the types of a statement's values before it sends them, once.
    warmUp: (backend) => onEachConnection((claim) => use(backend, claim)),
  }
  return runningTarget(strategy, () => server.stop())
}

/** Lease rows on PGlite, in this process: nobody can be woken, and nothing befalls it. */
export async function startPgliteRows(): Promise<RunningTarget> {
  const database = await PGlite.create()
  await database.exec(schemaSql())
  const target = { name: 'postgres-rows-pglite', open: () => openPglite(database) }
  return { target, stop: () => database.close() }
}

/** Session advisory locks. A pooler is refused: there is nothing to run behind one. */
export async function startPostgresAdvisory(): Promise<RunningTarget> {
  const server = await startPostgres({ own: true })
  const strategy: Strategy = {
    name: 'postgres-advisory',
    server,
    url: server.url,
    holder: 'advisory',
    open: openAdvisory,
    collidingKeys: COLLIDING_KEYS,
    async warmUp(backend) {
      const claim = { key: randomUUID(), holder: randomUUID() }
      await backend.tryAcquire(claim, { ttlMs: 1000, metadata: undefined })
      await backend.release(claim)
    },
  }
  return runningTarget(strategy, () => server.stop())
}

/** One step after another, so that each is taken on all connections. */
async function onEachConnection(steps: (claim: Claim) => readonly (() => Promise<unknown>)[]): Promise<void> {
  const each = Array.from({ length: POOL_SIZE }, () => steps({ key: randomUUID(), holder: randomUUID() }))
  for (const index of each[0]?.keys() ?? []) {
    const taken: unknown[] = []
    for (const own of each) {
      taken.push(own[index]?.())
      // What is asked for before this goes as one statement, on one connection; and nothing is answered meanwhile.
      await new Promise<void>(process.nextTick)
    }
    await Promise.all(taken)
  }
}

const use = (backend: LockBackend, claim: Claim) => [
  () => backend.tryAcquire(claim, { ttlMs: 60_000, metadata: undefined }),
  () => backend.renew([{ ...claim, ttlMs: 60_000 }]),
  () => backend.release(claim),
]

const rowsBy = (name: string, server: Server, url: string): Strategy => ({
  name,
  server,
  url,
  holder: 'rows',
  open: (poolUrl, clientName) =>
    // A harmed link harms everything that goes to the server directly.
    openRows({ poolUrl, listenUrl: url === server.url ? poolUrl : server.url, name: clientName }),
  warmUp: (backend) => Promise.all(Array.from({ length: POOL_SIZE }, () => backend.inspect?.('any'))),
})

async function runningTarget(strategy: Strategy, stopServers: () => Promise<void>): Promise<RunningTarget> {
  const { name, server, url } = strategy
  await withPool(server.url, migrate)
  const proxies: TcpProxy[] = []
  /** By which name the server knows the connections of each client. */
  const names = new WeakMap<LockBackend, string>()
  const open = (clientUrl = url): LockBackend => {
    const clientName = randomUUID()
    const backend = strategy.open(clientUrl, clientName)
    names.set(backend, clientName)
    return backend
  }
  return {
    target: { name, open: () => open(), faults: await faults(strategy, proxies, open, names) },
    async stop() {
      for (const proxy of proxies) await proxy.close()
      await stopServers()
    },
  }
}

const faults = async (
  { server, url: clientUrl, holder, warmUp, collidingKeys }: Strategy,
  proxies: TcpProxy[],
  open: (url: string) => LockBackend,
  names: WeakMap<LockBackend, string>,
): Promise<FaultHooks> => ({
  holderProgram: await holderProgramOf(import.meta.url, [holder, clientUrl, server.url]),
  ...linkHooks(
    async () => {
      const url = new URL(clientUrl)
      const proxy = new TcpProxy(Number(url.port))
      proxies.push(proxy)
      url.port = String(await proxy.port())
      const backend = open(url.href)
      await warmUp(backend)
      return { backend, link: proxy }
    },
    { isOwnConnection: holder !== 'postgres-js' },
  ),
  restartKeepingData: () => server.restart(),
  async restartEmpty() {
    await server.restart({ keepData: false })
    await withPool(server.url, migrate)
  },
  raiseTokens: (above) =>
    withPool(server.url, (pool) => pool.query("select setval('leasehold.fencing_tokens', $1)", [String(above + 1n)])),
  // A pooler lets everybody in.
  ...(clientUrl === server.url && { openRefused: () => open(asStranger(clientUrl)) }),
  ...(holder !== 'advisory' && { stall: (key: string) => lockRow(server.url, key) }),
  killSession: (backend) =>
    withPool(server.url, async (pool) => {
      const ofClient = 'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1'
      await pool.query(ofClient, [names.get(backend)])
    }),
  ...(collidingKeys && { collidingKeys: () => collidingKeys }),
})

function asStranger(url: string): string {
  const address = new URL(url)
  address.username = 'nobody_by_that_name'
  return address.href
}

/** As somebody's transaction does that forgot to end. */
async function lockRow(connectionString: string, key: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query('begin')
  await client.query('select from leasehold.leases where key = $1 for update', [key])
  return () => client.end()
}

async function withPool(connectionString: string, use: (pool: pg.Pool) => Promise<unknown>): Promise<void> {
  const pool = new pg.Pool({ connectionString, max: 1 })
  try {
    await use(pool)
  } finally {
    await pool.end()
  }
}
