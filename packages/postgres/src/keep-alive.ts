import type { PostgresClientInsides } from './postgres-shapes.ts'

/** Of so much silence the system begins to ask whether the other end is still there. By itself it waits for hours, and what stands between forgets silent connections after minutes. */
const SILENCE_MS = 10_000

/** Keeps a connection that says nothing from being forgotten on its way, and lets the process hear of it where it was. */
export function keepAlive(client: PostgresClientInsides & object): void {
  client.connection?.stream.setKeepAlive?.(true, SILENCE_MS)
}
