import { createLocks, FenceGuard, semaphore } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend())
const api = semaphore(locks, 'payment-api', 5) // five at once, over all processes

export function pay(amount: number): Promise<string> {
  return api.run({ waitMs: 10_000 }, async ({ signal }) => charge(amount, signal))
}

/** A large one counts for two. */
export function payMany(amounts: readonly number[]): Promise<string[]> {
  return api.run({ permits: 2 }, ({ signal }) => Promise.all(amounts.map((amount) => charge(amount, signal))))
}

const fence = new FenceGuard()
const workspaces = new Map<number, string>()

/** A slot is one holder's at a time, and its tokens increase: it is also a worker number, and can be fenced. */
export function work(job: string): Promise<number> {
  return semaphore(locks, 'workers', 3).run(({ slots: [slot = 0], fencingToken }) => {
    fence.check(`worker ${slot}`, fencingToken)
    workspaces.set(slot, job)
    return slot
  })
}

async function charge(amount: number, _signal: AbortSignal): Promise<string> {
  return `charged ${amount}`
}

export const done = (): Promise<unknown> => locks.close()
