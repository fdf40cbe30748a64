const MAX_BYTES = 512
const RULE = `a key must be a well-formed string without NUL, of 1 to ${MAX_BYTES} bytes in UTF-8; got`

/** Throws unless `key` may name a lock. Keys are compared byte for byte: nothing is normalised or cut. */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key !== 'string') throw new TypeError(`${RULE} ${key === null ? key : typeof key}`)
  const wrong = violation(key)
  if (wrong !== undefined) throw new RangeError(`${RULE} ${wrong}`)
}

/** Throws unless `keys` may be taken together. */
export function assertKeys(keys: unknown): asserts keys is readonly string[] {
  if (!Array.isArray(keys)) throw new TypeError('keys must be an array')
  for (const key of keys) assertKey(key)
  if (keys.length === 0 || new Set(keys).size < keys.length)
    throw new RangeError('keys must be distinct, and not empty')
}

function violation(key: string): string | undefined {
  if (key.includes('\0')) return 'NUL'
  if (!key.isWellFormed()) return 'a lone surrogate'
  const bytes = Buffer.byteLength(key)
  return bytes > 0 && bytes <= MAX_BYTES ? undefined : `${bytes} bytes`
}
