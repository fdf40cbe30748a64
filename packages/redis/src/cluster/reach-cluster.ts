import type { Claim, Clock } from '@leasehold/core'
import { keyNames } from '../key-names.ts'
import type { Reach, ScriptingOptions } from '../reach.ts'
import type { RedisClusterClient } from '../redis-shapes.ts'
import { acquireParts } from './acquire-parts.ts'
import { ClusterNodes } from './cluster-nodes.ts'
import { ClusterTurns } from './cluster-turns.ts'
import { JointRenewals } from './joint-renewals.ts'
import { partsOf } from './parts.ts'
import { renewParts } from './renew-parts.ts'
import { slotOf } from './slot.ts'
import { SlotMap } from './slot-map.ts'

/** The masters of a Cluster. A script serves one slot: what lies apart is asked for apart. */
export function reachCluster(
  client: RedisClusterClient,
  namespace: string,
  options: ScriptingOptions,
  clock: Clock,
): Reach {
  const { replyTimeoutMs } = options
  const map = new SlotMap(client, replyTimeoutMs)
  const scripts = new ClusterNodes(map, options)
  const turns = new ClusterTurns(map, replyTimeoutMs, namespace)
  const joint = new JointRenewals()
  const parts = (claims: readonly Claim[]) => partsOf(claims, ({ key }) => slotOf(keyNames(namespace, key).hold))
  return {
    scripts,
    turns,
    renew(claims, ttlMs, ask) {
      // Sooner than the engine gives up on all of them, which it does after a third of the TTL or after `requestTimeoutMs`.
      const patienceMs = Math.min(ttlMs / 6, replyTimeoutMs / 2)
      return renewParts(parts(claims), (part) => joint.renew(part, ttlMs, ask), clock, patienceMs)
    },
    acquireAll: (claims, ask, release) => acquireParts(parts(claims), ask, release),
    async close() {
      map.close()
      await Promise.all([scripts.close(), turns.close()])
    },
  }
}
