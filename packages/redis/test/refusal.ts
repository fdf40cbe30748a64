import { createLocks, type LockBackend } from '@leasehold/core'

/** What an attempt ends with. */
export const refusal = (backend: LockBackend): Promise<unknown> =>
  createLocks(backend)
    .named('refused')
    .tryAcquire()
    .then(
      () => 'granted',
      (error: unknown) => error,
    )
