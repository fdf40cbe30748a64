import type { ListOptions, LockListing, Locks, LocksStats } from '../api.ts'
import type { LockBackend } from '../contract.ts'
import { assertOpen, type Bench, unsupported } from './bench.ts'
import type { LockHall } from './hall.ts'
import { shown } from './inspect.ts'
import { assertKey } from './key.ts'
import { hallOf } from './locks.ts'
import { parseList, parseReason } from './options.ts'
import { ask } from './requests.ts'

/** What this process holds and wants, now. No I/O. */
export function stats(locks: Locks): LocksStats {
  const { options, holds, leases, waiting } = hallOf(locks)
  const { maxLeases, maxWaiters } = options
  return { leases, waiting, renewing: holds.filter(({ renewal }) => renewal).length, maxLeases, maxWaiters }
}

/** What is held of the backend's keys, by whomever. Not one moment's picture: the server is looked at while it works. `UNSUPPORTED` where the backend cannot tell. */
export async function list(locks: Locks, options?: ListOptions): Promise<readonly LockListing[]> {
  const { prefix, limit } = parseList(options)
  const listed = await operate(openHall(locks), '', 'list', (backend) => backend.list?.(prefix, limit))
  return listed.slice(0, limit).map(shown)
}

/**
 * For an operator: ends every hold of the key, whoever has it, and lets in those who wait. Holders learn it by their next renewal, as a loss with the reason `forced`, and what `reason` says; until then they believe in their leases,
 * and only the fencing token keeps them from doing harm. Resolves with how many holds were ended. `UNSUPPORTED` where the backend cannot.
 */
export async function forceRelease(locks: Locks, key: string, options: { readonly reason: string }): Promise<number> {
  assertKey(key)
  const reason = parseReason(options)
  return operate(openHall(locks), key, 'forceRelease', (backend) => backend.forceRelease?.(key, reason))
}

function openHall(locks: Locks): LockHall {
  const hall = hallOf(locks)
  assertOpen(hall)
  return hall
}

/** Asks for what not every backend can do. Also while `close` waits for work, which may speak of its own lease. */
export async function operate<Answer>(
  bench: Bench,
  key: string,
  operation: keyof LockBackend,
  send: (backend: LockBackend) => Promise<Answer> | undefined,
): Promise<Answer> {
  if (!bench.backend[operation]) throw unsupported(bench, operation)
  const { answer } = await ask(bench, {
    what: operation,
    claims: [{ key }],
    send: (backend) => send(backend) as Promise<Answer>,
  })
  return answer
}
