import { createLocks, FenceGuard, shared } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend())
const fence = new FenceGuard()
const prices = new Map([['coffee', 3]])

/** Any number at once; a writer waits until the last of them is done. */
export function total(items: readonly string[]): Promise<number> {
  return shared(locks, 'prices').run(() => items.reduce((sum, item) => sum + (prices.get(item) ?? 0), 0))
}

/** Alone. */
export function setPrice(item: string, price: number): Promise<void> {
  return locks.named('prices').run((lease) => {
    fence.check('prices', lease.fencingToken) // readers raise no fence
    prices.set(item, price)
  })
}

export const done = (): Promise<unknown> => locks.close()
