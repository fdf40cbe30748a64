import type { Claim, Contended, Grant, Renewal, RenewedClaim } from '@leasehold/core'
import { atAnotherNode } from './another-node.ts'
import { SlotBatches } from './cluster/slot-batches.ts'
import { Connection, type ConnectionOptions } from './connection.ts'
import { OneChannel } from './one-channel.ts'
import type { AskGrants, AskReleases, AskRenewals, Part } from './parts.ts'
import type { RedisConnection } from './redis-shapes.ts'
import type { Scripts } from './script.ts'
import { Together } from './together.ts'
import type { Turns } from './turns.ts'

/** What connections that run scripts have in common. */
export type ScriptingOptions = Pick<ConnectionOptions, 'replyTimeoutMs' | 'prepare' | 'waitReplicas'>

/** How the server is reached, be it one node or many. */
export interface Reach {
  readonly scripts: Scripts
  readonly turns: Turns
  /** All that have keys, to be asked one by one. */
  servers(): Promise<readonly Pick<Connection, 'ask'>[]>
  /** Those that one script serves, as far as is known. */
  partsOf<C extends Claim>(claims: readonly C[]): Part<C>[]
  /** A script for several was refused, before it did anything. */
  refused(error: unknown): void
  /** Asks for all of them, in as few scripts as can be. What is asked for together are shares, or none of it is. */
  renew(renewals: readonly RenewedClaim[], ask: AskRenewals): Promise<readonly Renewal[]>
  /** `alone`: where only what names the keys of one lock is served. */
  releaseAll(
    claims: readonly Claim[],
    ask: AskReleases,
    alone: (claim: Claim) => Promise<boolean>,
  ): Promise<readonly boolean[]>
  acquireAll(
    claims: readonly Claim[],
    ask: AskGrants,
    release: (claims: readonly Claim[]) => Promise<unknown>,
  ): Promise<readonly Grant[] | Contended>
  close(): Promise<void>
}

/** One node, or the primary that sentinels know, or the one address of a clustered service. */
export function reachNode(make: () => RedisConnection, namespace: string, options: ScriptingOptions): Reach {
  const turns = new OneChannel(make, options.replyTimeoutMs, namespace)
  const scripts = new Connection({ ...options, make, leaves: atAnotherNode, onReplica: () => turns.leave() })
  const batches = new SlotBatches(namespace)
  const together = new Together((claims) => batches.partsOf(claims))
  return {
    scripts,
    turns,
    servers: async () => [scripts],
    partsOf: (claims) => together.partsOf(claims),
    refused: (error) => together.refused(error),
    renew: (renewals, ask) => together.ask(renewals, ask, (part) => batches.renew(part, ask)),
    releaseAll: (claims, ask, alone) => together.ask(claims, ask, (part) => batches.releaseAll(part, ask, alone)),
    acquireAll: (claims, ask, release) => together.acquireAll(claims, ask, release),
    async close() {
      await Promise.all([scripts.close(), turns.close()])
    },
  }
}
