import { randomBytes } from 'node:crypto'
import type { Claim } from '@leasehold/core'
import { type Server, type Settings, startEtcd } from '@leasehold/test-services'
import { Etcd3, type IKeyValue } from 'etcd3'
import { type EtcdBackend, type EtcdBackendOptions, etcdBackend } from '../src/index.ts'

export interface TestEtcd {
  readonly server: Server
  /** To look at the server past the backend. */
  readonly raw: Etcd3
  /** A client as another process would have. */
  open(options?: Partial<EtcdBackendOptions>): EtcdBackend
  leaseCount(): Promise<number>
  /** All who hold or wait. */
  keys(): Promise<string[]>
  /** The same in the order of their arrival, with the etcd leases they hang on. */
  places(): Promise<IKeyValue[]>
  /** That of one claim, if it has one. */
  placeOf(claim: Claim): Promise<IKeyValue | undefined>
  stop(): Promise<void>
}

/** An etcd of its own that grants TTLs from one second on. `settings`: more of its flags. `make`: what opens it. */
export async function startTestEtcd(settings: Settings = {}, make = etcdBackend): Promise<TestEtcd> {
  const server = await startEtcd({
    own: true,
    settings: { 'heartbeat-interval': 50, 'election-timeout': 500, ...settings },
  })
  const { raw, keys, places, close } = lookAs(server.url)
  const opened: EtcdBackend[] = []
  return {
    server,
    raw,
    open(options = {}) {
      const backend = make({ hosts: server.url, minTtlMs: 1_000, deadlineMs: 10_000, ...options })
      opened.push(backend)
      return backend
    },
    leaseCount: async () => (await raw.leaseClient.leaseLeases()).leases.length,
    keys,
    places,
    placeOf: async ({ holder }) => (await places()).find(({ key }) => key.toString().includes(holder)),
    async stop() {
      for (const backend of opened) await backend.close?.()
      close()
      await server.stop()
    },
  }
}

/** To look at a server past the backend. */
export function lookAs(hosts: string, auth?: { username: string; password: string }) {
  const raw = new Etcd3({ hosts, ...(auth && { auth }) })
  const places = async () => {
    const { kvs } = await raw.getAll().prefix('leasehold/').sort('Create', 'Ascend').exec()
    // Beside the lines there are the keys of sessions.
    return kvs.filter(({ key }) => !key.toString().startsWith('leasehold//'))
  }
  const keys = async () => (await places()).map(({ key }) => key.toString())
  return { raw, places, keys, close: () => raw.close() }
}

/** For the locks of tests that are not about time: the machine may be busy. */
export const PATIENT = { requestTimeoutMs: 10_000 }

export const claimOn = (key: string): Claim => ({ key, holder: randomBytes(16).toString('hex') })
export const terms = (ttlMs = 60_000) => ({ ttlMs, metadata: undefined })
export const uniqueKey = (): string => `key ${randomBytes(6).toString('hex')}`
