import { createLocks, type Locks } from '@leasehold/core'
import { describeFault, type LockOperation, searchHistory } from '@leasehold/core/conformance'
import { memoryBackend } from '@leasehold/core/memory'

const now = () => process.hrtime.bigint()

/** One attempt of one worker: what it asked, what it was answered, and when. */
export async function turn(locks: Locks, key: string, worker: string, holder: string): Promise<LockOperation[]> {
  const claim = { process: worker, key, holder }
  const called = now()
  const lease = await locks.named(key).tryAcquire({ ttlMs: 5_000 })
  const asked = { ...claim, type: 'acquire', called, returned: now() } as const
  if (lease === null) return [{ ...asked, answer: 'contended' }]
  const validUntil = now() + BigInt(Math.floor(lease.remainingMs * 1e6)) // the clock is read first
  const { fencingToken } = lease

  const released = now()
  const answer = (await lease.release()) === 'released' ? 'released' : 'unknown'
  return [
    { ...asked, validUntil, answer: { fencingToken } },
    { ...claim, type: 'release', called: released, returned: now(), answer },
  ]
}

/** Two workers, fifty turns each, and what is wrong with them. */
export async function contend(): Promise<string[]> {
  const locks = createLocks(memoryBackend())
  const work = async (worker: string) => {
    const turns: LockOperation[][] = []
    for (let count = 0; count < 50; count += 1) turns.push(await turn(locks, 'seat:A1', worker, `${worker}.${count}`))
    return turns.flat()
  }
  const history = (await Promise.all(['p1', 'p2'].map(work))).flat()
  await locks.close()
  return searchHistory(history).faults.map((fault) => describeFault(fault))
}

const ms = (count: number) => BigInt(count * 1_000_000)

/** What a lock without a margin did: the second holder came while the first still relied on its lease. */
export const twoHolders: readonly LockOperation[] = [
  {
    ...{ process: 'p1', key: 'seat:A1', holder: 'p1.1', called: ms(0), returned: ms(3) },
    ...{ type: 'acquire', validUntil: ms(100), answer: { fencingToken: 1n } },
  },
  {
    ...{ process: 'p2', key: 'seat:A1', holder: 'p2.1', called: ms(20), returned: ms(24) },
    ...{ type: 'acquire', answer: 'contended' },
  },
  {
    ...{ process: 'p1', key: 'seat:A1', holder: 'p1.1', called: ms(60), returned: ms(70) },
    ...{ type: 'renew', validUntil: ms(170), answer: { fencingToken: 1n } },
  },
  {
    ...{ process: 'p2', key: 'seat:A1', holder: 'p2.2', called: ms(118), returned: ms(124) },
    ...{ type: 'acquire', validUntil: ms(218), answer: { fencingToken: 2n } },
  },
]
