import { inFile, mutants } from '../mutant.ts'

const { all, add } = mutants()

/** Bad input that gets through. */
export const inputMutants = all

const key = inFile('engine/key.ts')
const options = inFile('engine/options.ts')

add('empty-key-accepted', 'an empty key is accepted', 'input/empty-key', key('bytes > 0 && ', ''))

add('nul-accepted', 'NUL in a key is accepted', 'input/nul-key', key(`if (key.includes('\\0'))`, 'if (false)'))

add(
  'surrogate-accepted',
  'a lone surrogate in a key is accepted',
  'input/lone-surrogate',
  key('if (!key.isWellFormed())', 'if (false)'),
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
  key(`if (typeof key !== 'string')`, 'if (false)'),
)
add(
  'numbers-unchecked',
  'durations may be any number',
  'input/durations',
  options('value >= min && value <= max', 'true'),
)
add('ttl-unbounded', 'a TTL may be anything from 0', 'input/ttl-range', options('(10, YEAR_MS', '(0, Infinity'))
add('margin-unbounded', 'a margin may eat up the TTL', 'input/margin-range', options('marginMs < ttlMs', 'true'))
