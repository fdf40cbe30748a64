import type { Claim, Clock, Renewal, RenewedClaim } from '@leasehold/core'
import { keyNames } from '../key-names.ts'
import { askParts, partsOf } from '../parts.ts'
import type { Reach, ScriptingOptions } from '../reach.ts'
import type { RedisClusterClient } from '../redis-shapes.ts'
import { acquireParts } from './acquire-parts.ts'
import { ClusterNodes } from './cluster-nodes.ts'
import { ClusterTurns } from './cluster-turns.ts'
import { JointScripts } from './joint-scripts.ts'
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
  const renewals = new JointScripts<RenewedClaim, Renewal>()
  const releases = new JointScripts<Claim, boolean>()
  const parts = <C extends Claim>(claims: readonly C[]) =>
    partsOf(claims, ({ key }) => slotOf(keyNames(namespace, key).hold))
  return {
    scripts,
    turns,
    servers: () => scripts.servers(),
    renew(claims, ask) {
      // Sooner than the engine gives up on all of them, which it does after a third of the shortest TTL or after `requestTimeoutMs`.
      const shortestMs = Math.min(...claims.map(({ ttlMs }) => ttlMs))
      const patienceMs = Math.min(shortestMs / 6, replyTimeoutMs / 2)
      const alone = (claim: RenewedClaim) => ask([claim]).then(onlyRenewal, () => 'unknown' as const)
      return renewParts(parts(claims), (part) => renewals.ask(part, { together: ask, alone }), clock, patienceMs)
    },
    releaseAll: (claims, ask, alone) => askParts(parts(claims), (part) => releases.ask(part, { together: ask, alone })),
    acquireAll: (claims, ask, release) => acquireParts(parts(claims), ask, release),
    async close() {
      map.close()
      await Promise.all([scripts.close(), turns.close()])
    },
  }
}

const onlyRenewal = ([renewal]: readonly Renewal[]): Renewal => renewal ?? 'unknown'
