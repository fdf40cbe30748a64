import { allOf, createLocks, FenceGuard, type LeaseHandle, resumeAll } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend())
const fence = new FenceGuard()
const balances = new Map<string, number>()

/** Both accounts, or none. Two transfers in opposite directions do not wait for each other for ever. */
export function transfer(from: string, to: string, amount: number): Promise<void> {
  return allOf(locks, [from, to]).run({ waitMs: 5_000 }, async (group) => {
    await askTheBank(group.signal)
    for (const { key, fencingToken } of group) fence.check(key, fencingToken)
    balances.set(from, balanceOf(from) - amount)
    balances.set(to, balanceOf(to) + amount)
  })
}

/** One request takes the seats. Nobody renews them: a customer who walks away loses them. */
export async function hold(seats: readonly string[]): Promise<LeaseHandle[] | null> {
  const group = await allOf(locks, seats).tryAcquire({ ttlMs: 120_000, autoRenew: false })
  return group === null ? null : group.handOff()
}

/** Another request, perhaps in another process. False: at least one seat is gone. */
export async function buy(handles: readonly LeaseHandle[]): Promise<boolean> {
  const group = await resumeAll(locks, handles)
  if (group === null) return false
  await group.run(async () => {
    for (const { key, fencingToken } of group) fence.check(key, fencingToken)
    await askTheBank(group.signal)
  })
  return true
}

export const balanceOf = (account: string): number => balances.get(account) ?? 0

async function askTheBank(_signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5))
}

export const done = (): Promise<unknown> => locks.close()
