import { createLocks, resume } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend(), { ttlMs: 30_000, onEvent: (event) => console.log(event.type, event.key) })
const seat = locks.named('seat:A1')

// Waits for its turn, renews in the background, releases at the end, also when the work throws.
await seat.run(async (lease) => {
  await sell('A1', { fence: lease.fencingToken, signal: lease.signal })
})

// One attempt. Held elsewhere is an answer, not an error.
const lease = await seat.tryAcquire({ ttlMs: 120_000, autoRenew: false })
if (lease === null) console.log('taken')
else {
  lease.assertHeld(5_000) // throws unless it is valid for five more seconds
  const handle = lease.handOff() // plain JSON: the next request may reach another process
  const resumed = await resume(locks, handle)
  await resumed?.release() // 'released', or 'lost'
}
await locks.close()

async function sell(id: string, { fence }: { fence: bigint; signal: AbortSignal }): Promise<void> {
  console.log(`update seats set sold = true, fence = ${fence} where id = '${id}' and fence < ${fence}`)
}
