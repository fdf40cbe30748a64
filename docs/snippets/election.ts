import { createLocks, election } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend(), { ttlMs: 10_000 })
const leadership = election(locks, 'sweeper')

/** Leads whenever it can, until `stop` aborts: after a loss it campaigns again. */
export function leadWhileRunning(address: string, stop: AbortSignal): Promise<void> {
  return leadership.run({ value: { address }, signal: stop }, async (lead) => {
    while (!lead.signal.aborted) {
      await sweep(lead.fencingToken) // the term: later leaders have a greater one
      await pause(lead.signal)
    }
  })
}

/** Whom to ask. */
export async function leaderAddress(): Promise<unknown> {
  const leader = await leadership.leader()
  return leader?.value
}

/** Every change, until `stop` aborts. */
export async function follow(stop: AbortSignal, tell: (term: bigint | undefined) => void): Promise<void> {
  for await (const leader of leadership.observe({ signal: stop })) tell(leader?.term)
}

export let sweeps = 0

async function sweep(_term: bigint): Promise<void> {
  sweeps += 1
}

const pause = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, 1000)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

export const done = (): Promise<unknown> => locks.close()
