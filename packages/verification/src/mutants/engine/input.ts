import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Bad input that gets through. */
export const inputMutants = all

const key = inFile('engine/key.ts')
const options = inFile('engine/options.ts')

add('empty-key-accepted', 'an empty key is accepted', 'input/empty-key', key('bytes > 0 && ', ''))

add('nul-accepted', 'NUL in a key is accepted', 'input/nul-key', key(` || key.includes('\\0')`, ''))

add(
  'surrogate-accepted',
  'a lone surrogate in a key is accepted',
  'input/lone-surrogate',
  key('!key.isWellFormed() || ', ''),
)

add(
  'length-in-utf16',
  'the length of a key is counted in UTF-16',
  'input/long-key',
  key('Buffer.byteLength(key)', 'key.length'),
)

add(
  'metadata-unbounded',
  'metadata of any size is accepted',
  'input/metadata-limit',
  options('bytes <= MAX_METADATA_BYTES', 'true'),
)

add(
  'keys-of-any-type',
  'a key that is not a string gets through to its next check',
  'input/not-a-string',
  key(`isString('a key', key)`, 'key'),
)
add(
  'numbers-unchecked',
  'durations may be any number',
  'input/durations',
  inFile('engine/rules.ts')('value >= min && value <= max', 'true'),
)
add('ttl-unbounded', 'a TTL may be anything from 0', 'input/ttl-range', options('(10, YEAR_MS', '(0, Infinity'))
add(
  'margin-unbounded',
  'a margin may eat up the TTL',
  'input/margin-range',
  options('if (marginMs >= ttlMs)', 'if (marginMs < 0)'),
)

add(
  'slots-unchecked',
  'a grant of other slots than were asked for becomes a lease',
  'permits/other-slots',
  inFile('engine/share-desk.ts')('return known && slots.length === take', 'return known || slots.length !== take'),
)

add(
  'parts-asked-of-anybody',
  'parts of a key are asked of a backend that does not offer them',
  'portability/parts-not-offered',
  inFile('engine/shared-lock.ts')('if (share && !shares.includes(share.kind))', 'if (share && !shares)'),
)

add(
  'handle-of-the-whole',
  'a handle of permits is taken up as one of the whole key',
  'permits/handed-over',
  inFile('engine/handle.ts')('share === undefined ? { key, holder }', 'share ? { key, holder }'),
)

add(
  'permits-uncounted',
  'any number of permits can be asked for',
  'permits/bad-counts',
  options("between(1, count, 'whole ')('permits', permits)", 'permits && count && permits'),
)
