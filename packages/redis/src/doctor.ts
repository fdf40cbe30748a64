import type { Advice, Core } from '@leasehold/core'
import type { RedisCommander } from './redis-shapes.ts'

/** Nothing here was tested with what is older. */
const OLDEST_MAJOR = 6

/** For so long after a failover, those who ask for the primary may be led to what is a replica by now. */
const FAILOVER_MS = 30_000

/** Looks at a server when a connection to it was made. Nobody waits for that; a user who may not ask is told nothing. */
export class Doctor {
  readonly #core: Pick<Core, 'advise' | 'clock'>
  /** Codes. */
  readonly #told: Set<string>
  #hasMetPrimary = false
  /** On the monotonic clock: since when it has met replicas alone. */
  #onlyReplicasSinceMs: number | undefined

  /** `told`: by this one, and by those that look at other servers of the same quorum. */
  constructor(core: Pick<Core, 'advise' | 'clock'>, told = new Set<string>()) {
    this.#core = core
    this.#told = told
  }

  /** Asks, and comes back to what it hears. After what the connection was made for: a server that turns it away says so in its first answer. */
  examine(redis: RedisCommander): void {
    setImmediate(() => this.#examine(redis).catch(() => {}))
  }

  async #examine(redis: RedisCommander): Promise<void> {
    const info = factsOf(String(await redis.call('INFO')))
    for (const advice of findings(info)) this.#tell(advice)
    if (this.#isLedToReplicas(info.get('role') === 'slave')) this.#tell(REPLICA)
    if (info.get('aof_enabled') !== '0') return
    if (saveOf(await redis.call('CONFIG', 'GET', 'save')) === '') this.#tell(NO_PERSISTENCE)
  }

  /** Whoever has met a primary was led to one: a failover is nothing to warn of, in each process that it concerns, unless it does not end. */
  #isLedToReplicas(isReplica: boolean): boolean {
    if (!isReplica) {
      this.#hasMetPrimary = true
      this.#onlyReplicasSinceMs = undefined
      return false
    }
    const { monotonicMs: nowMs } = this.#core.clock.now()
    this.#onlyReplicasSinceMs ??= nowMs
    return !this.#hasMetPrimary || nowMs - this.#onlyReplicasSinceMs > FAILOVER_MS
  }

  #tell(advice: Advice): void {
    if (this.#told.has(advice.code)) return
    this.#told.add(advice.code)
    this.#core.advise(advice)
  }
}

/** A list of names and values; in RESP3 a map. */
const saveOf = (answer: unknown): unknown =>
  Array.isArray(answer) ? answer[1] : (answer as { readonly save?: unknown }).save

const factsOf = (info: string): ReadonlyMap<string, string> =>
  new Map(info.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))

function findings(info: ReadonlyMap<string, string>): Advice[] {
  const advices: Advice[] = []
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction' && info.get('maxmemory') !== '0') {
    const message = `maxmemory-policy is ${policy}: Redis may evict locks, which ends exclusion; use noeviction`
    advices.push({ code: 'EVICTION', message, costsLocks: true })
  }
  const version = info.get('redis_version') ?? ''
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    advices.push({
      code: 'OLD_VERSION',
      message: `Redis ${version} is older than ${OLDEST_MAJOR}, which this was tested with`,
      costsLocks: false,
    })
  }
  return advices
}

const REPLICA: Advice = {
  code: 'REPLICA',
  message: 'the server is a replica: locks are taken at the primary alone',
  costsLocks: true,
}

const NO_PERSISTENCE: Advice = {
  code: 'NO_PERSISTENCE',
  message:
    'neither appendonly nor save is set: a restart forgets all locks, and two holders may then overlap; tokens still tell them apart',
  costsLocks: false,
}
