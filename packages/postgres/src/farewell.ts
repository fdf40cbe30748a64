import type { PostgresClientInsides, PostgresListenClient } from './postgres-shapes.ts'

/** How long the server may take to let a connection go. */
const FAREWELL_MS = 1000

/** Takes leave of the server, and resolves when it has gone; one that does not answer is left without. The process waits for it. */
export async function takeLeave(client: PostgresListenClient): Promise<void> {
  client.ref?.()
  await new Promise<void>((resolve) => {
    const late = setTimeout(() => {
      destroy(client)
      resolve()
    }, FAREWELL_MS)
    const left = () => {
      clearTimeout(late)
      resolve()
    }
    client.end().then(left, left)
  })
}

/** Without a word of farewell, which a connection that hangs would never get across. */
export function destroy(client: (PostgresListenClient & PostgresClientInsides) | undefined): void {
  const stream = client?.connection?.stream
  if (stream === undefined) client?.end().catch(() => {})
  else stream.destroy()
}
