import type { Clock } from '@leasehold/core'
import type { ClusterClient } from '../clients/cluster-client.ts'
import { askParts } from '../parts.ts'
import type { Reach, ScriptingOptions } from '../reach.ts'
import { acquireParts } from './acquire-parts.ts'
import { ClusterNodes } from './cluster-nodes.ts'
import { ClusterTurns } from './cluster-turns.ts'
import { renewParts } from './renew-parts.ts'
import { SlotBatches } from './slot-batches.ts'
import { SlotMap } from './slot-map.ts'

/** The masters of a Cluster. A script serves one slot: what lies apart is asked for apart. */
export function reachCluster(client: ClusterClient, namespace: string, options: ScriptingOptions, clock: Clock): Reach {
  const { replyTimeoutMs } = options
  const map = new SlotMap(client)
  const scripts = new ClusterNodes(map, options)
  const turns = new ClusterTurns(map, replyTimeoutMs, namespace)
  const batches = new SlotBatches(namespace)
  return {
    scripts,
    turns,
    servers: () => scripts.servers(),
    partsOf: (claims) => batches.partsOf(claims),
    refused: () => {},
    renew(claims, ask) {
      // Sooner than the engine gives up on all of them, which it does after a third of the shortest TTL or after `requestTimeoutMs`.
      const shortestMs = Math.min(...claims.map(({ ttlMs }) => ttlMs))
      const patienceMs = Math.min(shortestMs / 6, replyTimeoutMs / 2)
      return renewParts(batches.partsOf(claims), (part) => batches.renew(part, ask), clock, patienceMs)
    },
    releaseAll: (claims, ask, alone) =>
      askParts(batches.partsOf(claims), (part) => batches.releaseAll(part, ask, alone)),
    acquireAll: (claims, ask, release) => acquireParts(batches.partsOf(claims), ask, release),
    async close() {
      map.close()
      await Promise.all([scripts.close(), turns.close()])
    },
  }
}
