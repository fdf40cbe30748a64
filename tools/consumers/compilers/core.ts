import {
  allOf,
  createLocks,
  type ErrorCode,
  election,
  isLeaseholdError,
  type Lease,
  type LeaseholdError,
  type LockBackend,
  type Locks,
} from '@leasehold/core'
import { conformanceCases } from '@leasehold/core/conformance'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'

function demand(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** A code that was asked about is the code it has. */
function codeOf(error: unknown): string {
  if (isLeaseholdError(error, 'ACQUIRE_TIMEOUT')) {
    const code: 'ACQUIRE_TIMEOUT' = error.code
    return code
  }
  if (isLeaseholdError(error)) {
    const code: ErrorCode = error.code
    return code
  }
  return 'of somebody else'
}

/** Otherwise it is still an error, which has another one. */
function messageUnlessClosed(error: LeaseholdError): string {
  if (isLeaseholdError(error, 'CLOSED')) {
    const code: 'CLOSED' = error.code
    return code
  }
  return error.message
}

function messageUnless(error: LeaseholdError, code: ErrorCode, perhaps?: ErrorCode | undefined): string {
  if (isLeaseholdError(error, code)) return error.code
  if (isLeaseholdError(error, perhaps)) return error.code
  return error.message
}

async function timeOut(locks: Locks, key: string): Promise<unknown> {
  try {
    return await locks.named(key).acquire({ waitMs: 1, signal: undefined })
  } catch (error) {
    return error
  }
}

async function main(): Promise<void> {
  const backend: LockBackend = memoryBackend({ store: new MemoryStore({ clock: undefined, firstToken: undefined }) })
  const locks = createLocks(backend, { ttlMs: undefined, onEvent: undefined })
  const first = await holds(locks)
  demand(first >= 1, `token ${first}`)
  demand(codeOf(await timeOut(locks, 'seat:A1')) === 'of somebody else', 'it was free')
  await locks.close()
  const closed = await timeOut(locks, 'seat:A1')
  demand(isLeaseholdError(closed) && messageUnlessClosed(closed) === 'CLOSED', 'it is closed')
  demand(isLeaseholdError(closed) && messageUnless(closed, 'LEASE_LOST').length > 0, 'it has a message')
  demand(conformanceCases.length > 100, 'the suite has cases')
}

async function holds(locks: Locks): Promise<bigint> {
  await using lease: Lease = await locks.named('seat:A1').acquire({ ttlMs: 5000 })
  await using both = await allOf(locks, ['seat:A2', 'seat:A3']).acquire()
  demand([...both].length === 2, 'two leases')
  const signal: AbortSignal = lease.signal
  await locks
    .named('seat:A4')
    .tryAcquire()
    .then((other) => other?.run(async () => {}))
  await allOf(locks, ['seat:A5']).run({ signal }, async () => {})
  for await (const leader of election(locks, 'leader').observe({ signal: undefined })) {
    demand(leader === null, 'nobody leads')
    break
  }
  return lease.fencingToken
}

void main()
