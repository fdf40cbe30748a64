import { Attachment } from '../attachment.ts'
import { shift } from '../clock.ts'
import type { Claim, Grant, LockBackend } from '../contract.ts'
import { MemoryStore } from './store.ts'

export interface MemoryBackendOptions {
  /** Shared with the backends to contend with: nobody else is excluded. Default: the one that all backends of this thread share that name none and were made by this copy of the package: what is imported and what is required are two. */
  readonly store?: MemoryStore | undefined
}

let shared: MemoryStore | undefined

function sharedStore(): MemoryStore {
  shared ??= new MemoryStore()
  return shared
}

/** Locks within one thread of one process: the reference backend, and the one for tests. *Exclusion of valid leases* among those who share a store, as long as the process lives. */
export function memoryBackend({ store = sharedStore() }: MemoryBackendOptions = {}): LockBackend {
  const core = new Attachment(store.clock)
  /** On the process's clock: it is read before the store's, so that what is told is not later than what was. */
  const grantedAt = ({ ttlMs }: Grant, claim: Claim) => shift(core.clock.now(), store.remainingMs(claim) - ttlMs)
  return {
    name: 'memory',
    capabilities: {
      fifo: true,
      handOff: true,
      survivesRestart: false,
      slackMs: 0,
      minTtlMs: 1,
      shares: ['shared', 'permits'],
    },
    attach: (to) => core.attach(to),
    tryAcquire: async (claim, terms) => store.tryAcquire(claim, terms),
    tryAcquireAll: async (claims, terms) => store.tryAcquireAll(claims, terms),
    renew: async (renewals) => renewals.map((claim) => store.renew(claim, claim.ttlMs, claim.fencingToken)),
    release: async (claim) => store.release(claim),
    releaseAll: async (claims) => claims.map((claim) => store.release(claim)),
    inspect: async (key) => store.inspect(key),
    list: async (prefix, limit) => store.list(prefix, limit),
    annotate: async (claim, metadata) => store.annotate(claim, metadata),
    forceRelease: async (key, reason) => store.forceRelease(key, reason),
    watch(key, signal, changed) {
      const end = store.watch(key, changed)
      if (signal.aborted) end()
      else signal.addEventListener('abort', end, { once: true })
    },
    waitForTurn: (claim, terms, signal) =>
      new Promise((resolve) => {
        const stop = () => {
          leave()
          resolve(undefined)
        }
        const leave = store.wait(claim, terms, (grant) => {
          signal.removeEventListener('abort', stop)
          resolve(grant && { ...grant, since: grantedAt(grant, claim) })
        })
        if (signal.aborted) stop()
        else signal.addEventListener('abort', stop, { once: true })
      }),
  }
}
