import type { Lease, Lock } from '../api.ts'
import type { LockBackend } from '../contract.ts'
import { isLeaseholdError } from '../errors.ts'
import { createLocks } from '../index.ts'
import type { HolderReply, HolderRequest } from './holder-protocol.ts'

/**
 * Turns this process into a holder that the suite can freeze and kill. Call it in a program of its own, and name that
 * program in the target's `faults.holderProgram`.
 */
export function serveHolder(backend: LockBackend): void {
  const locks = createLocks(backend)
  let lease: Lease | undefined

  async function answer(request: HolderRequest): Promise<string> {
    if (request.ask === 'is-held') return isHeld(lease)
    if (request.ask === 'release') return released(lease)
    const lock = locks.lock(request.key, { ttlMs: request.ttlMs })
    if (request.ask === 'wait') return beginWait(lock)
    lease = await lock.acquire()
    return String(lease.fencingToken)
  }

  // A holder must not outlive the suite that asked for it.
  process.once('disconnect', () => process.exit())
  process.on('message', (request: HolderRequest) => {
    const reply = (text: string) => process.send?.({ id: request.id, answer: text } satisfies HolderReply)
    void answer(request).then(reply, (error: unknown) => reply(code(error)))
  })
}

function isHeld(lease: Lease | undefined): string {
  try {
    lease?.assertHeld()
    return lease === undefined ? 'NO_LEASE' : 'HELD'
  } catch (error) {
    return code(error)
  }
}

const released = async (lease: Lease | undefined): Promise<string> => (await lease?.release()) ?? 'NO_LEASE'

/** The first try is answered when the contender's own was, the second when its wait had been sent: then this process stands in line. */
async function beginWait(lock: Lock): Promise<string> {
  void lock.acquire().catch(() => {})
  await lock.tryAcquire()
  await lock.tryAcquire()
  return 'WAITING'
}

const code = (error: unknown): string => (isLeaseholdError(error) ? error.code : `ERROR ${String(error)}`)
