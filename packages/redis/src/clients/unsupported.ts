const SUPPORTED = 'a client of ioredis 5, iovalkey or node-redis 4 (package redis), or of a later version'

/** What tells a client that cannot be used, and what to do instead. */
const UNSUPPORTED: readonly { readonly told: readonly string[]; readonly reason: string }[] = [
  {
    told: ['nodeClient', 'getSlotRandomNode'],
    reason:
      'createCluster() of node-redis tells how its nodes are reached from 5.5 on: take that, or an ioredis Cluster',
  },
  {
    told: ['getSentinelNode', 'getMasterNode'],
    reason:
      'createSentinel() of node-redis tells nobody how it connects: pass createClient(options.nodeClientOptions) as client, and its options as sentinel',
  },
  {
    told: ['totalClients', 'execute'],
    reason: 'createClientPool() of node-redis is not supported: pass a client, it is duplicated as often as needed',
  },
  { told: ['internal_send_command'], reason: 'node-redis 3 (package redis) is not supported: take 4 or later' },
  {
    told: ['customCommand'],
    reason:
      '@valkey/valkey-glide connects again by itself and tells nobody, which a lock has to know: pass a client of iovalkey or ioredis',
  },
  {
    told: ['bufferedAmount', 'onclose', 'send'],
    reason:
      "Bun's RedisClient tells nobody its address, and what it duplicates connects again by itself: pass a client of ioredis or node-redis, they run on Bun",
  },
]

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

/** Of any library. */
export const isCluster = (client: unknown): boolean =>
  isObject(client) && (('isCluster' in client && client.isCluster === true) || 'getSlotRandomNode' in client)

/** Throws at once what would show at the first lock otherwise, or never. `argument`: how the caller knows the client. */
export function assertClient(argument: string, client: unknown): asserts client is object {
  const refused = UNSUPPORTED.find(({ told }) => isObject(client) && told.every((name) => name in client))
  if (refused !== undefined) throw new TypeError(`${argument}: ${refused.reason}`)
  if (isClient(client)) return
  throw new TypeError(`${argument} must be ${SUPPORTED}; got ${shown(client)}`)
}

/** `call`: how the options of a backend are given, such as `redisBackend({ client })`. */
export function assertOptions(call: string, options: unknown): void {
  if (isClient(options)) throw new TypeError(`${call} takes your client inside of an object, not by itself`)
  if (!isObject(options)) throw new TypeError(`${call} takes an object; got ${shown(options)}`)
}

const isClient = (value: unknown): boolean =>
  isObject(value) && 'duplicate' in value && typeof value.duplicate === 'function' && hasOptions(value)

/** The oldest client of node-redis has none where it was made without. */
const hasOptions = (client: object): boolean =>
  'options' in client && (isObject(client.options) || ('isOpen' in client && client.options === undefined))

function shown(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}: make a client first`
  const { name = 'Object' } = (value.constructor ?? {}) as { readonly name?: string }
  return name === 'Object' ? 'an object that is no client: make a client with it first' : `a ${name}`
}
