import type { Claim, Contended, Grant, Renewal, RenewedClaim } from '@leasehold/core'
import { Connection, type ConnectionOptions } from './connection.ts'
import { OneChannel } from './one-channel.ts'
import { askParts, partsOf } from './parts.ts'
import type { RedisConnection } from './redis-shapes.ts'
import type { Scripts } from './script.ts'
import type { Turns } from './turns.ts'

type AskRenewals = (renewals: readonly RenewedClaim[]) => Promise<readonly Renewal[]>
type AskReleases = (claims: readonly Claim[]) => Promise<readonly boolean[]>
type AskGrants = (claims: readonly Claim[]) => Promise<readonly Grant[] | Contended>

/** What connections that run scripts have in common. */
export type ScriptingOptions = Pick<ConnectionOptions, 'replyTimeoutMs' | 'prepare' | 'waitReplicas'>

/** How the server is reached, be it one node or many. */
export interface Reach {
  readonly scripts: Scripts
  readonly turns: Turns
  /** All that have keys, to be asked one by one. */
  servers(): Promise<readonly Pick<Connection, 'ask'>[]>
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
    release: (claim: Claim) => Promise<boolean>,
  ): Promise<readonly Grant[] | Contended>
  close(): Promise<void>
}

/** One node, or the primary that sentinels know: one script does for any number of claims, and another one for shares. */
export function reachNode(make: () => RedisConnection, namespace: string, options: ScriptingOptions): Reach {
  const turns = new OneChannel(make, options.replyTimeoutMs, namespace)
  const scripts = new Connection({ ...options, make, onReplica: () => turns.leave() })
  return {
    scripts,
    turns,
    servers: async () => [scripts],
    renew: (renewals, ask) => askParts(partsOf(renewals, anywhere), (part) => ask(part.claims)),
    releaseAll: (claims, ask) => askParts(partsOf(claims, anywhere), (part) => ask(part.claims)),
    acquireAll: (claims, ask) => ask(claims),
    async close() {
      await Promise.all([scripts.close(), turns.close()])
    },
  }
}

const anywhere = (): number => 0
