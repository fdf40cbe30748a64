/** Where locks are kept, as `--locks` names it. */
export type LockAddress =
  | { readonly kind: 'memory' }
  | { readonly kind: 'postgres' | 'redis'; readonly url: string }
  | { readonly kind: 'etcd'; readonly urls: readonly string[] }

const SCHEMES = 'memory:, postgres://…, redis://… or etcd://… (several members with commas between)'

/** Throws `RangeError` for what is no such address. */
export function lockAddress(text: string): LockAddress {
  const urls = text.split(',').map((url) => url.trim())
  const [first = ''] = urls
  const scheme = urls.every((url) => schemeOf(url) === schemeOf(first)) ? schemeOf(first) : 'mixed'
  if (text === 'memory:') return { kind: 'memory' }
  if (scheme === 'etcd') return { kind: 'etcd', urls }
  if (scheme === 'redis' && urls.length > 1) {
    throw new RangeError('--locks with several Redis servers: locks on a quorum are not built yet. Name one server.')
  }
  if ((scheme === 'redis' || scheme === 'postgres') && urls.length === 1) return { kind: scheme, url: first }
  throw new RangeError(`--locks is ${SCHEMES}`)
}

function schemeOf(url: string): 'etcd' | 'redis' | 'postgres' | 'other' {
  if (/^rediss?:\/\/./.test(url)) return 'redis'
  if (/^postgres(ql)?:\/\/./.test(url)) return 'postgres'
  return /^etcds?:\/\/./.test(url) ? 'etcd' : 'other'
}
