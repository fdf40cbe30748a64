import { Attachment, type Core, type LockBackend } from '@leasehold/core'
import { nodeClientOf } from '../clients/client-of.ts'
import { type AskCredentials, assertCredentials } from '../clients/credentials.ts'
import { assertOptions, isCluster } from '../clients/unsupported.ts'
import { Doctor } from '../doctor.ts'
import { assertDuration, LONGEST_TIMER_MS } from '../durations.ts'
import { namespaceOf } from '../namespace.ts'
import { reachNode } from '../reach.ts'
import type { NodeRedisClient, RedisClient, RedisConnection } from '../redis-shapes.ts'
import { classifyRedisError } from '../refusals.ts'
import { NoMajority } from './no-majority.ts'
import { Quorum } from './quorum.ts'
import { QuorumMember } from './quorum-member.ts'
import { ServerLife } from './server-life.ts'
import { QuorumWait } from './wait.ts'
import { TURN_MS } from './waiting-times.ts'

const FEWEST_NODES = 3

export interface RedisQuorumBackendOptions {
  /**
   * Yours: clients by `ioredis`, `iovalkey` or node-redis (`redis`) of three or more servers that have nothing in common, no replication and no machine. Each is duplicated with safe
   * settings. floor(n/2)+1 of them decide; an even number bears no more failures than the odd one below.
   */
  readonly clients: readonly (RedisClient | NodeRedisClient)[]
  /** What the names of all keys and channels begin with, after each client's `keyPrefix`. Without braces. Default `leasehold-quorum:`. */
  readonly prefix?: string | undefined
  /**
   * The longest TTL that is asked for, by any process, in milliseconds: longer ones are `UNSUPPORTED`. A node that has restarted may have forgotten holds, and counts for nothing
   * new until its server has been up for so long; nor does one that was first started. Default 60000.
   */
  readonly maxTtlMs?: number | undefined
  /** The servers write every command to disk before they answer (`appendonly yes`, `appendfsync always`): a restarted one counts at once, and no TTL is too long. Default false. */
  readonly durable?: boolean | undefined
  /** As of `redisBackend`, the same for all servers. */
  readonly credentials?: AskCredentials | undefined
  /** How long the others wait for a node before they decide without it, in milliseconds; less where the TTL is short. Default 500. */
  readonly nodeTimeoutMs?: number | undefined
  /** After how much silence a connection counts as broken, in milliseconds. Default 3000. */
  readonly replyTimeoutMs?: number | undefined
}

/**
 * Locks on a majority of independent Redis servers. *Exclusion of valid leases* although a minority is away, hangs, or comes back empty; *fenced safety* as long as two majorities
 * share a node that keeps its data or its clock. One token for the whole majority, greater than each before.
 */
export function redisQuorumBackend(options: RedisQuorumBackendOptions): LockBackend {
  assertOptions('redisQuorumBackend({ clients })', options)
  const core = new Attachment()
  const { clock } = core
  const { durable = false, maxTtlMs = 60_000, nodeTimeoutMs = 500 } = options
  assertDuration('maxTtlMs', maxTtlMs)
  assertDuration('nodeTimeoutMs', nodeTimeoutMs)
  const longestMs = durable ? undefined : maxTtlMs
  const nodes = nodesOf(options, core, longestMs)
  const quorum = new Quorum(nodes, clock, { nodeTimeoutMs, maxTtlMs: longestMs, random: Math.random })
  return {
    name: 'redis-quorum',
    capabilities: {
      fifo: false,
      handOff: true,
      survivesRestart: durable,
      slackMs: TURN_MS + 250,
      minTtlMs: 1,
      // Permits that each node counts by itself would be more than there are: nodes 1 and 2, 2 and 3, 1 and 3 make three holders of two.
      shares: ['shared'],
    },
    attach: (to) => core.attach(to),
    tryAcquire: (claim, terms) => quorum.tryAcquire(claim, terms),
    renew: (renewals) => quorum.renew(renewals),
    release: (claim) => quorum.release(claim),
    releaseAll: (claims) => quorum.releaseAll(claims),
    async waitForTurn(claim, _, signal) {
      const wait = new QuorumWait(nodes, clock, claim)
      const stop = () => wait.end()
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted) stop()
      else wait.begin()
      try {
        return await wait.outcome
      } finally {
        signal.removeEventListener('abort', stop)
      }
    },
    inspect: (key) => quorum.inspect(key),
    classifyError: (error) =>
      error instanceof NoMajority ? (error.refused ? 'refused' : 'unavailable') : classifyRedisError(error),
    async close() {
      await Promise.all(nodes.map((node) => node.close()))
    },
  }
}

function nodesOf(
  { clients, prefix = 'leasehold-quorum:', replyTimeoutMs = 3000, credentials }: RedisQuorumBackendOptions,
  core: Core,
  maxTtlMs: number | undefined,
): QuorumMember[] {
  if (!Array.isArray(clients) || clients.length < FEWEST_NODES)
    throw new TypeError(`redisQuorumBackend({ clients }) takes clients of at least ${FEWEST_NODES} independent servers`)
  if (clients.some(isCluster))
    throw new TypeError('redisQuorumBackend({ clients }) takes clients of one server each: a Cluster is none')
  assertDuration('replyTimeoutMs', replyTimeoutMs, LONGEST_TIMER_MS)
  const claimIdentity = identities()
  const told = new Set<string>()
  const given = clients.map((client: RedisClient | NodeRedisClient, index) =>
    nodeClientOf(`clients[${index}]`, client, { credentials }),
  )
  assertCredentials(credentials, clients)
  return given.map((client, index) => {
    const namespace = namespaceOf(client.keyPrefix, prefix)
    const make = () => client.duplicate(replyTimeoutMs)
    const doctor = new Doctor(core, told)
    const life = new ServerLife(core.clock, maxTtlMs, (runId) => claimIdentity(index, runId))
    const prepare = async (redis: RedisConnection) => {
      await client.prepare(redis)
      doctor.examine(redis)
      return life.begin(redis)
    }
    return new QuorumMember(reachNode(make, namespace, { replyTimeoutMs, prepare }), life, namespace)
  })
}

/** A server that is reached by two clients would have two votes. */
function identities(): (index: number, runId: string) => void {
  const runIds = new Map<number, string>()
  return (index, runId) => {
    for (const [other, known] of runIds) {
      if (other !== index && known === runId) throw new Error(`clients ${other} and ${index} are of the same server`)
    }
    runIds.set(index, runId)
  }
}
