import { createLocks, isLeaseholdError } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'

const locks = createLocks(memoryBackend())
const imports = locks.named('import')

/** False: somebody else held the lock all the time, and nothing was done. */
export async function importWithin(waitMs: number, file: string, gaveUp?: AbortSignal): Promise<boolean> {
  try {
    await imports.run({ waitMs, signal: gaveUp }, (lease) => load(file, lease.signal))
    return true
  } catch (error) {
    if (isLeaseholdError(error, 'ACQUIRE_TIMEOUT') && error.key === imports.key) return false
    throw error
  }
}

export const loaded: string[] = []

async function load(file: string, _signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 50))
  loaded.push(file)
}

export const done = (): Promise<unknown> => locks.close()
