import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Calls a function in nobody's asynchronous context: timers, the observer and abort listeners serve all callers, and must neither see the
 * `AsyncLocalStorage` of the request that happened to come first, nor keep it alive.
 */
export const inNoContext: <T>(call: () => T) => T = AsyncLocalStorage.snapshot()
