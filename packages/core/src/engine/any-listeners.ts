import { setMaxListeners } from 'node:events'

/** A server's one signal for shutdown, or that of a lease, has as many listeners as there is work: Node warns of more than ten. Another realm's has no such limit. */
export function allowAnyListeners(signal: AbortSignal | undefined): void {
  if (signal instanceof AbortSignal) setMaxListeners(0, signal)
}
