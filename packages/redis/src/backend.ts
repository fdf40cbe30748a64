import { Attachment, type Capabilities, type Claim, type Core, type LockBackend } from '@leasehold/core'
import { Batches } from './batches.ts'
import { clusterClientOf, isClusterClient, nodeClientOf } from './clients/client-of.ts'
import { type AskCredentials, assertCredentials } from './clients/credentials.ts'
import type { NodeClient } from './clients/node-client.ts'
import type { RedisSentinels } from './clients/sentinels.ts'
import { assertOptions } from './clients/unsupported.ts'
import { reachCluster } from './cluster/reach-cluster.ts'
import { Doctor } from './doctor.ts'
import { assertDuration, LONGEST_TIMER_MS } from './durations.ts'
import { Line } from './line.ts'
import { namespaceOf } from './namespace.ts'
import { OneTurn } from './one-turn.ts'
import { Operators } from './operators.ts'
import { type Reach, reachNode, type ScriptingOptions } from './reach.ts'
import type { NodeRedisClient, NodeRedisClusterClient, RedisClient, RedisClusterClient } from './redis-shapes.ts'
import { classifyRedisError } from './refusals.ts'
import { replicaTerms, type WaitReplicas } from './replicas.ts'
import { CLAIM_WINDOW_MS } from './waiting-times.ts'

export interface RedisBackendOptions {
  /**
   * Yours: of one node, or of a Cluster, by `ioredis`, `iovalkey` or node-redis (`redis`); or by `ioredis` of a primary behind sentinels. It is duplicated with safe settings, and
   * otherwise left alone.
   */
  readonly client: RedisClient | RedisClusterClient | NodeRedisClient | NodeRedisClusterClient
  /**
   * For a client of node-redis: sentinels that know the primary, in the words of its `createSentinel`. `client` tells how to log in to the primary, and its address is of no
   * matter: `createClient(options.nodeClientOptions)`. A client of `ioredis` is made with its sentinels.
   */
  readonly sentinel?: RedisSentinels | undefined
  /** What the names of all keys and channels begin with, after the client's `keyPrefix`. Without braces. Default `leasehold:`. */
  readonly prefix?: string | undefined
  /**
   * What to log in with, asked for with each new connection, and used in place of what your client has: for passwords that end, such as those of IAM and of Entra. Of `ioredis` and `iovalkey`; a client of
   * node-redis has a `credentialsProvider` of its own, which is asked likewise. A rejection is told to whoever wants a lock just then.
   */
  readonly credentials?: AskCredentials | undefined
  /** After how much silence a connection counts as broken, in milliseconds: not less than the engine's `requestTimeoutMs`. Default 3000. */
  readonly replyTimeoutMs?: number | undefined
  /**
   * A grant or a renewal counts only when so many replicas have it: WAIT, over the same connection. Less is lost in a failover, and not
   * nothing: a replica without it may still be made the primary. Default: nobody waits for replicas.
   */
  readonly waitReplicas?: WaitReplicas | undefined
}

const DEFAULT_REPLY_TIMEOUT_MS = 3000

const capabilities: Capabilities = {
  fifo: true,
  handOff: true,
  // Whether a restart keeps the holds depends on the server's settings.
  survivesRestart: false,
  slackMs: CLAIM_WINDOW_MS + 500,
  minTtlMs: 1,
  selfPolling: true,
  shares: ['shared', 'permits'],
}

/**
 * Locks on Redis: one node, behind Sentinel, or a Cluster. *Exclusion of valid leases* while the server keeps its data and its clock does not
 * jump; *fenced safety* over any loss of data, unless the clock is behind as well.
 */
export function redisBackend(options: RedisBackendOptions): LockBackend {
  assertOptions('redisBackend({ client })', options)
  const { replyTimeoutMs = DEFAULT_REPLY_TIMEOUT_MS } = options
  const core = new Attachment()
  const { clock } = core
  const { reach, namespace } = reachedBy(options, core)
  const { scripts } = reach
  const batches = new Batches(scripts, namespace)
  const line: Line = new Line(reach, (claim) => turn.join(claim), clock, namespace, options.waitReplicas !== undefined)
  const operators = new Operators(reach, namespace, replyTimeoutMs)
  const releaseAll = (claims: readonly Claim[]) => {
    turn.sendBefore(claims)
    return reach.releaseAll(
      claims,
      (part) => batches.release(part),
      (claim) => line.release(claim),
    )
  }

  const { partsOf, refused } = reach
  const turn = new OneTurn(
    { partsOf, refused, together: (asked) => batches.attempts(asked), alone: (asked) => batches.attempt(asked) },
    { partsOf, refused, together: (claims) => batches.releases(claims), alone: (claim) => line.release(claim) },
    { partsOf, refused, together: (asked) => batches.joins(asked), alone: (asked) => batches.join(asked) },
  )

  return {
    name: 'redis',
    capabilities,
    attach: (to) => core.attach(to),
    tryAcquire: (claim, { ttlMs, metadata }) => turn.attempt({ ...claim, ttlMs, metadata }),
    tryAcquireAll(claims, terms) {
      turn.send()
      return reach.acquireAll(claims, (part) => batches.acquire(part, terms), releaseAll)
    },
    renew: (renewals) => reach.renew(renewals, (part) => batches.renew(part)),
    release(claim, next) {
      if (!next) return turn.release(claim)
      turn.sendBefore([claim])
      return line.release(claim, next)
    },
    releaseAll,
    waitForTurn: (claim, terms, signal) => line.wait(claim, terms, signal),
    inspect: (key) => operators.inspect(key),
    list: (prefix, limit) => operators.list(prefix, limit),
    annotate: (claim, metadata) => operators.annotate(claim, metadata),
    forceRelease: (key, reason) => operators.forceRelease(key, reason),
    classifyError: classifyRedisError,
    close: () => reach.close(),
  }
}

interface Reached {
  readonly reach: Reach
  readonly namespace: string
}

function reachedBy(
  {
    client,
    sentinel,
    prefix,
    credentials,
    replyTimeoutMs = DEFAULT_REPLY_TIMEOUT_MS,
    waitReplicas,
  }: RedisBackendOptions,
  core: Core,
): Reached {
  assertDuration('replyTimeoutMs', replyTimeoutMs, LONGEST_TIMER_MS)
  const doctor = new Doctor(core)
  const scriptingBy = (way: Pick<NodeClient, 'prepare'>): ScriptingOptions => ({
    replyTimeoutMs,
    prepare: async (redis) => {
      await way.prepare(redis)
      doctor.examine(redis)
    },
    waitReplicas: waitReplicas && replicaTerms(waitReplicas),
  })
  if (isClusterClient(client)) {
    if (sentinel !== undefined) throw new TypeError('sentinel is not for a Cluster')
    assertCredentials(credentials, [client])
    const cluster = clusterClientOf(client, replyTimeoutMs, credentials)
    const namespace = namespaceOf(cluster.keyPrefix, prefix)
    return { reach: reachCluster(cluster, namespace, scriptingBy(cluster), core.clock), namespace }
  }
  const node = nodeClientOf('client', client, { credentials, sentinel })
  assertCredentials(credentials, [client])
  const namespace = namespaceOf(node.keyPrefix, prefix)
  return { reach: reachNode(() => node.duplicate(replyTimeoutMs), namespace, scriptingBy(node)), namespace }
}
