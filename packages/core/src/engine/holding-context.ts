import { AsyncLocalStorage } from 'node:async_hooks'
import { leaseError } from '../errors.ts'
import type { Hold } from './hold.ts'
import type { HoldTerms } from './options.ts'

/** The leases under which the asynchronous context works. Weakly: a hold's promises keep the context in which they were made, and would keep the chain. */
const current = new AsyncLocalStorage<readonly WeakRef<Hold>[]>()

/**
 * Runs work so that what it calls, at any depth, is known to work under these leases. Work that outlives a lease forgets it. Node 20 and 22 run all promises of a
 * process slower from the first such call on: who has no use for it makes none.
 */
export function workUnder<T>(holds: readonly Hold[], work: () => T): T {
  if (holds.every(({ terms }) => terms.whenHeld === 'wait')) return work()
  const refs = [...wanted(), ...holds].map((hold) => new WeakRef(hold))
  return current.run(refs, work)
}

/** Those that are wanted yet by this process, or by whoever has their handle. Those that are over are none: whoever is next in this process may have the same claim. */
const wanted = (): Hold[] =>
  (current.getStore() ?? [])
    .map((each) => each.deref())
    .filter((hold) => hold?.state === 'held' || hold?.state === 'handed-off') as Hold[]

/** Those of these leases under which the calling context works, or which it handed off and has again. */
export const ownAmong = (holds: readonly Hold[]): readonly Hold[] =>
  holds.filter(({ claim }) => wanted().some((own) => own.claim.holder === claim.holder))

/** Throws `SELF_DEADLOCK` where it works under one of them, and would wait for its own end. */
export function assertNotUnder(holds: readonly Hold[], { whenHeld }: HoldTerms): void {
  const [own] = whenHeld === 'wait' ? [] : ownAmong(holds)
  if (own) throw leaseError('SELF_DEADLOCK', own.key, 'is awaited by its own work (see whenHeld)')
}
