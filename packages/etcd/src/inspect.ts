import type { Inspection } from '@leasehold/core'
import type { EtcdConnection } from './connection.ts'
import type { Namespace } from './namespace.ts'
import { rangeOf, readHold, when } from './transactions.ts'

/** Who holds the lock, by the server's word; until when, if its process fell silent now. */
export async function inspect(
  connection: EtcdConnection,
  namespace: Namespace,
  key: string,
): Promise<readonly Inspection[]> {
  const answer = await connection.txn(when([], [readHold(namespace.lineFor(key))]))
  const [holder] = rangeOf(answer, 0)
  if (holder === undefined) return []
  const remainingSeconds = await connection.remainingSeconds(holder.lease)
  if (remainingSeconds < 0) return []
  const metadata = holder.value.length > 0 ? holder.value.toString() : undefined
  // Told in whole seconds, rounded down.
  return [{ fencingToken: BigInt(holder.create_revision), remainingMs: remainingSeconds * 1000 + 999, metadata }]
}
