/** Where locks are kept, as `--locks` names it. */
export type LockAddress =
  | { readonly kind: 'memory' }
  | { readonly kind: 'postgres' | 'redis'; readonly url: string }
  | { readonly kind: 'etcd'; readonly urls: readonly string[] }
  /** Durable: each server writes to disk before it answers, so one that was started just now counts at once. */
  | { readonly kind: 'redis-quorum'; readonly urls: readonly string[]; readonly durable: boolean }

const SCHEMES =
  'memory:, postgres://…, redis://… (three or more servers of a quorum, with commas between) or etcd://… (members likewise)'
const FEWEST_OF_A_QUORUM = 3

/** Throws `RangeError` for what is no such address. */
export function lockAddress(text: string): LockAddress {
  const urls = text.split(',').map((url) => url.trim())
  const [first = ''] = urls
  const scheme = urls.every((url) => schemeOf(url) === schemeOf(first)) ? schemeOf(first) : 'mixed'
  if (text === 'memory:') return { kind: 'memory' }
  if (scheme === 'etcd') return { kind: 'etcd', urls }
  if (scheme === 'redis' && urls.length >= FEWEST_OF_A_QUORUM) return { kind: 'redis-quorum', urls, durable: false }
  if ((scheme === 'redis' || scheme === 'postgres') && urls.length === 1) return { kind: scheme, url: first }
  throw new RangeError(`--locks is ${SCHEMES}`)
}

function schemeOf(url: string): 'etcd' | 'redis' | 'postgres' | 'other' {
  if (/^rediss?:\/\/./.test(url)) return 'redis'
  if (/^postgres(ql)?:\/\/./.test(url)) return 'postgres'
  return /^etcds?:\/\/./.test(url) ? 'etcd' : 'other'
}
