import { ofType, type Rule, rule } from './rules.ts'

const MAX_BYTES = 512

const isString: Rule<string> = ofType('string')

const isKey = rule<string>(
  `a well-formed string without NUL, of 1 to ${MAX_BYTES} bytes in UTF-8`,
  (value) => {
    const key = value as string
    if (!key.isWellFormed() || key.includes('\0')) return false
    const bytes = Buffer.byteLength(key)
    return bytes > 0 && bytes <= MAX_BYTES
  },
  RangeError,
)

/** Throws unless `key` may name a lock. Keys are compared byte for byte: nothing is normalised or cut. */
export function assertKey(key: unknown): asserts key is string {
  isKey('a key', isString('a key', key))
}

/** Throws unless `keys` may be taken together. */
export function assertKeys(keys: unknown): asserts keys is readonly string[] {
  if (!Array.isArray(keys)) throw new TypeError('keys must be an array')
  for (const key of keys) assertKey(key)
  if (keys.length === 0 || new Set(keys).size < keys.length)
    throw new RangeError('keys must be distinct, and not empty')
}
