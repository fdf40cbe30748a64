import { setMaxListeners } from 'node:events'

/** One job may have many fetches under its lease, and a server's one signal for shutdown as many listeners as there are waiters: no warning. Signals that Node has not made, as those of jsdom, have no such limit. */
export function allowManyListeners(signal: AbortSignal): void {
  try {
    setMaxListeners(0, signal)
  } catch {}
}
