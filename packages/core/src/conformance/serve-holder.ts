import type { Lease, Lock } from '../api.ts'
import type { LockBackend } from '../contract.ts'
import { isLeaseholdError } from '../errors.ts'
import { createLocks } from '../index.ts'
import { chain } from './diary.ts'
import type { HolderReply, HolderRequest } from './holder-protocol.ts'

/** How long a server is waited for: the suite, not this program, decides what takes too long. */
const PATIENCE_MS = 60_000

/**
 * Turns this process into a holder that the suite can freeze and kill. Call it in a program of its own, and name that
 * program in the target's `faults.holderProgram`.
 */
export function serveHolder(backend: LockBackend): void {
  const locks = createLocks(backend, { requestTimeoutMs: PATIENCE_MS })
  let lease: Lease | undefined

  async function answer(request: HolderRequest): Promise<string> {
    if (request.ask === 'is-held') return isHeld(lease)
    if (request.ask === 'release') return released(lease)
    if (request.ask === 'warm-up') return warmUp(locks.named(request.key))
    const lock = locks.named(request.key, { ttlMs: request.ttlMs })
    if (request.ask === 'wait') return beginWait(lock)
    lease = await lock.acquire({ waitMs: PATIENCE_MS })
    return String(lease.fencingToken)
  }

  // A holder must not outlive the suite that asked for it.
  process.once('disconnect', () => process.exit())
  process.on('message', (request: HolderRequest) => {
    const { id } = request
    const reply = (sent: HolderReply) => process.send?.(sent)
    void answer(request).then(
      (text) => reply({ id, answer: text }),
      (error: unknown) => reply({ id, failure: chain(error) }),
    )
  })
}

/** To find the server may take longer than the TTL of the case. */
async function warmUp(lock: Lock): Promise<string> {
  const lease = await lock.acquire({ waitMs: PATIENCE_MS })
  await lease.release()
  return 'READY'
}

function isHeld(lease: Lease | undefined): string {
  try {
    lease?.assertHeld()
    return lease === undefined ? 'NO_LEASE' : 'HELD'
  } catch (error) {
    if (!isLeaseholdError(error)) throw error
    return error.code
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
