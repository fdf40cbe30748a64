import { AsyncLocalStorage } from 'node:async_hooks'
import { leaseError } from './errors.ts'
import type { Hold } from './hold.ts'

/** A lease under which the asynchronous context works, and the one around it. */
interface WorkUnder {
  readonly hold: Hold
  readonly outer: WorkUnder | undefined
}

const current = new AsyncLocalStorage<WorkUnder>()

/** Runs work so that what it calls, at any depth, is known to work under this lease. */
export const workUnder = <T>(hold: Hold, work: () => T): T => current.run({ hold, outer: current.getStore() }, work)

/** Throws `SELF_DEADLOCK` where the calling context works under this lease: it would wait for its own end. */
export function assertNotUnder(hold: Hold | undefined): void {
  if (hold === undefined) return
  for (let each = current.getStore(); each !== undefined; each = each.outer) {
    if (each.hold !== hold) continue
    throw leaseError('SELF_DEADLOCK', hold.claim.key, "is awaited by its own work; whenHeld: 'wait' allows that")
  }
}
