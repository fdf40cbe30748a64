import { AsyncLocalStorage } from 'node:async_hooks'
import { leaseError } from '../errors.ts'
import type { Hold } from './hold.ts'
import type { WaitTerms } from './options.ts'

/** The leases under which the asynchronous context works. Weakly: a hold's promises keep the context in which they were made, and would keep the chain. */
const current = new AsyncLocalStorage<readonly WeakRef<Hold>[]>()

/** Runs work so that what it calls, at any depth, is known to work under this lease. Work that outlives a lease forgets it. */
export function workUnder<T>(hold: Hold, work: () => T): T {
  const outer = (current.getStore() ?? []).filter((each) => each.deref()?.state === 'held')
  return current.run([...outer, new WeakRef(hold)], work)
}

/** Throws `SELF_DEADLOCK` where the calling context works under this lease and would wait for its own end, unless asked to. */
export function assertNotUnder(hold: Hold | undefined, { whenHeld }: WaitTerms): void {
  if (whenHeld === 'wait' || !hold || !current.getStore()?.some((each) => each.deref() === hold)) return
  throw leaseError('SELF_DEADLOCK', hold.claim.key, 'is awaited by its own work (see whenHeld)')
}
