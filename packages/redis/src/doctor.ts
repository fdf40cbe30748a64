import type { RedisCommander } from './redis-shapes.ts'

/** Something about a server that its operator should know. */
export interface Advice {
  readonly code: 'EVICTION' | 'REPLICA' | 'NO_PERSISTENCE' | 'OLD_VERSION'
  readonly message: string
}

/** Told once for each code. */
export type OnAdvice = (advice: Advice) => void

/** Redis before it has no channels of shards, and nothing here was tested with it. */
const OLDEST_MAJOR = 7

/** What costs locks, or keeps all of them from being taken: worth a warning to who did not ask. */
const warn: OnAdvice = ({ code, message }) => {
  if (code === 'EVICTION' || code === 'REPLICA') process.emitWarning(message, { type: 'LeaseholdWarning', code })
}

/** Looks at a server when a connection to it was made. Nobody waits for that; a user who may not ask is told nothing. */
export class Doctor {
  readonly #onAdvice: OnAdvice
  readonly #told = new Set<string>()

  constructor(onAdvice: OnAdvice = warn) {
    this.#onAdvice = onAdvice
  }

  /** Asks, and comes back to what it hears. */
  examine(redis: RedisCommander): void {
    this.#examine(redis).catch(() => {})
  }

  async #examine(redis: RedisCommander): Promise<void> {
    const info = factsOf(String(await redis.call('INFO')))
    for (const advice of findings(info)) this.#tell(advice)
    if (info.get('aof_enabled') !== '0') return
    const save = (await redis.call('CONFIG', 'GET', 'save')) as unknown[]
    if (save[1] === '') this.#tell(NO_PERSISTENCE)
  }

  #tell(advice: Advice): void {
    if (this.#told.has(advice.code)) return
    this.#told.add(advice.code)
    try {
      this.#onAdvice(advice)
    } catch {
      process.emitWarning('onAdvice threw')
    }
  }
}

const factsOf = (info: string): ReadonlyMap<string, string> =>
  new Map(info.split('\r\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]))

function findings(info: ReadonlyMap<string, string>): Advice[] {
  const advices: Advice[] = []
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy !== 'noeviction' && info.get('maxmemory') !== '0') {
    const message = `maxmemory-policy is ${policy}: Redis may evict locks, which ends exclusion; use noeviction`
    advices.push({ code: 'EVICTION', message })
  }
  if (info.get('role') === 'slave') {
    advices.push({ code: 'REPLICA', message: 'the server is a replica: locks are taken at the primary alone' })
  }
  const version = info.get('redis_version') ?? ''
  if (Number.parseInt(version, 10) < OLDEST_MAJOR) {
    advices.push({
      code: 'OLD_VERSION',
      message: `Redis ${version} is older than ${OLDEST_MAJOR}, which this was tested with`,
    })
  }
  return advices
}

const NO_PERSISTENCE: Advice = {
  code: 'NO_PERSISTENCE',
  message:
    'neither appendonly nor save is set: a restart forgets all locks, and two holders may then overlap; tokens still tell them apart',
}
