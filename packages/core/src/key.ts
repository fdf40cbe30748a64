const MAX_BYTES = 512

/** Throws unless `key` may name a lock. Keys are compared byte for byte: nothing is normalised or cut. */
export function assertKey(key: unknown): asserts key is string {
  if (typeof key !== 'string') throw new TypeError(`a key must be a string; got ${key === null ? 'null' : typeof key}`)
  if (key === '') throw new RangeError('a key must not be empty')
  if (key.includes('\0')) throw new RangeError('a key must not contain NUL (U+0000)')
  if (/\p{Surrogate}/u.test(key)) throw new RangeError('a key must be well-formed Unicode; got a lone surrogate')
  const bytes = Buffer.byteLength(key)
  if (bytes > MAX_BYTES) throw new RangeError(`a key must have at most ${MAX_BYTES} bytes in UTF-8; got ${bytes}`)
}

/** Throws unless `keys` may be taken together. */
export function assertKeys(keys: unknown): asserts keys is readonly string[] {
  if (!Array.isArray(keys)) throw new TypeError('keys must be an array of strings')
  if (keys.length === 0) throw new RangeError('keys must not be empty')
  for (const key of keys) assertKey(key)
  if (new Set(keys).size < keys.length) throw new RangeError('keys must be distinct')
}
