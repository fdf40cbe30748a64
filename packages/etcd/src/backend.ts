import { Attachment, type LockBackend } from '@leasehold/core'
import { Annotations } from './annotations.ts'
import { Attempts } from './attempts.ts'
import type { EtcdConnection } from './connection.ts'
import { classifyEtcdError } from './errors.ts'
import { type EtcdFence, type FencedLease, fenceOf } from './fence.ts'
import { Holds } from './holds.ts'
import { JointTransactions } from './joint-transactions.ts'
import { KeepAlives } from './keep-alives.ts'
import { Line } from './line.ts'
import { LineWatches } from './line-watches.ts'
import { Losses } from './losses.ts'
import { Members } from './members.ts'
import { Namespace } from './namespace.ts'
import { Operators } from './operators.ts'
import { PermitWaits } from './permit-waits.ts'
import { Permits } from './permits.ts'
import { ReasonLease } from './reason-lease.ts'
import { Reasons } from './reasons.ts'
import { Releases } from './releases.ts'
import { Removals } from './removals.ts'
import { Renewals } from './renewals.ts'
import { Revocations } from './revocations.ts'
import { Sessions } from './sessions.ts'
import { Standing } from './standing.ts'
import { Terms } from './terms.ts'
import { TransactionSize } from './transaction-size.ts'
import { Turns } from './turns.ts'
import { Waits } from './waits.ts'

/** After a change of the leader leases live longer; and etcd looks for expired ones twice a second. */
const SLACK_MS = 1_500
const CAPABILITIES = {
  fifo: true,
  handOff: true,
  survivesRestart: true,
  tellsLosses: true,
  slackMs: SLACK_MS,
  shares: ['shared', 'permits'] as const,
}

/** Node's timers go no further. */
const MOST_MS = 2 ** 31 - 1

export interface EtcdBackendSettings {
  /** All keys begin with it and a slash. Letters, digits, ".", "_" and "-". Default `leasehold`. */
  readonly namespace?: string | undefined
  /** The smallest TTL that your etcd grants: its election timeout times 1.5, in whole seconds. Default 2000, what its own default makes. */
  readonly minTtlMs?: number | undefined
  /** When to give up on a request, in milliseconds. Default 2000. */
  readonly deadlineMs?: number | undefined
}

export interface EtcdBackend extends LockBackend {
  /** A comparison for your own etcd transaction, which then takes effect only while this lease holds its lock. Throws `LEASE_LOST` where it is not held from here. */
  fence(lease: FencedLease): EtcdFence
}

/** `connect` is called once for each host, before anything is sent, and throws where what it was given is of no use. */
export function backendAt(
  hosts: string | readonly string[],
  { namespace = 'leasehold', minTtlMs = 2_000, deadlineMs = 2_000 }: EtcdBackendSettings,
  connect: (host: string, deadlineMs: number) => EtcdConnection,
): EtcdBackend {
  const keys = new Namespace(namespace)
  for (const [name, ms] of Object.entries({ minTtlMs, deadlineMs }))
    if (!(ms >= 1 && ms <= MOST_MS)) throw new RangeError(`${name} must be from 1 to ${MOST_MS} milliseconds`)
  const all = typeof hosts === 'string' ? [hosts] : hosts
  if (!Array.isArray(all)) throw new TypeError('hosts must be the address of a member, or those of several')
  const members = all.map((host) => connect(host, deadlineMs))
  const [only, ...others] = members
  if (only === undefined) throw new TypeError('hosts must name at least one')
  const connection = others.length === 0 ? only : new Members(members)
  return backendOn(connection, keys, minTtlMs, deadlineMs)
}

function backendOn(members: EtcdConnection, namespace: Namespace, minTtlMs: number, deadlineMs: number): EtcdBackend {
  const core = new Attachment()
  const { clock } = core
  const places = placesOn(members, namespace, minTtlMs, deadlineMs, core)
  const { connection, size, revocations, keepAlives, turns, holds, sessions, standing, line, removals, releases } =
    places
  const reasons = new Reasons(connection, namespace, size)
  const reasonLease = new ReasonLease(connection, clock, revocations)
  const permits = new Permits(connection, namespace, line, clock)
  const watches = new LineWatches(connection, clock)
  const permitWaits = new PermitWaits(namespace, line, permits, turns, watches, releases)
  const waits = new Waits(namespace, line, turns, releases, permitWaits)
  const attempts = new Attempts(namespace, line, standing, permits)
  const renewals = new Renewals(connection, namespace, sessions, line, holds, standing, removals, reasons, size)

  return {
    name: 'etcd',
    capabilities: { ...CAPABILITIES, minTtlMs: sessions.seconds(minTtlMs) * 1000 },
    attach: (to) => core.attach(to),
    tryAcquire: (claim, terms) => attempts.one(claim, terms),
    tryAcquireAll: (claims, terms) => attempts.all(claims, terms),
    renew: (asked) => renewals.renew(asked),
    release: (claim, next) => waits.release(claim, next),
    releaseAll: (claims) => releases.releaseAll(claims),
    waitForTurn: (claim, terms, signal) => waits.wait(claim, terms, signal),
    ...forOperators(connection, namespace, standing, watches, size, reasonLease),
    classifyError: classifyEtcdError,
    fence: (lease) => fenceOf(holds, lease),
    async close() {
      await turns.close()
      watches.close()
      await sessions.close()
      holds.clear()
      await keepAlives.close()
      connection.close()
    },
  }
}

/** Where places hang, who has them, and how they end: each tells another. */
function placesOn(
  members: EtcdConnection,
  namespace: Namespace,
  minTtlMs: number,
  deadlineMs: number,
  core: Attachment,
) {
  const { clock } = core
  const size = new TransactionSize()
  const terms = new Terms(members, clock, namespace.sessionKeys)
  const { connection } = terms
  const revocations = new Revocations(connection, clock)
  const keepAlives = new KeepAlives(connection, clock, deadlineMs)
  const turns = new Turns(connection, namespace.range, (place, revision) => losses.deleted(place, revision))
  const holds = new Holds(clock, (hold) => void releases.expire(hold).catch(() => {}))
  const sessions = new Sessions(connection, namespace, clock, keepAlives, terms, revocations, minTtlMs, {
    onAlive: (session) => removals.pay(session),
    onEnd(session, why) {
      for (const place of session.places) turns.look(place)
      removals.forgive(session)
      if (why === 'gone') losses.sessionGone(session).catch(() => {})
    },
  })
  const standing = new Standing(namespace)
  const joint = new JointTransactions(connection, size)
  const line = new Line(joint, namespace, sessions, holds, standing)
  const removals = new Removals(joint, line)
  const losses = new Losses(connection, holds, line, namespace, size, (claim, why) => core.lost(claim, why))
  const releases = new Releases(namespace, line, removals, standing, size)
  return { connection, size, revocations, keepAlives, turns, holds, sessions, standing, line, removals, releases }
}

/** What is asked of holds by others than those who have them, or tells others of them. */
function forOperators(
  connection: EtcdConnection,
  namespace: Namespace,
  standing: Standing,
  watches: LineWatches,
  size: TransactionSize,
  reasonLease: ReasonLease,
): Pick<LockBackend, 'inspect' | 'list' | 'watch' | 'annotate' | 'forceRelease'> {
  const annotations = new Annotations(connection, namespace, standing)
  const operators = new Operators(connection, namespace, size, reasonLease)
  return {
    inspect: (key) => operators.inspect(key),
    list: (prefix, limit) => operators.list(prefix, limit),
    watch: (key, signal, changed) => watches.watch(namespace.lineFor(key), signal, changed),
    annotate: (claim, metadata) => annotations.annotate(claim, metadata),
    forceRelease: (key, reason) => operators.forceRelease(key, reason),
  }
}
