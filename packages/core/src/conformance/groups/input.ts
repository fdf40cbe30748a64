import assert from 'node:assert/strict'
import type { AcquireOptions } from '../../api.ts'
import { allOf } from '../../index.ts'
import { contended, granted } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import type { Process } from '../process.ts'
import type { Trial } from '../trial.ts'

const { cases, add } = caseGroup('input')
export const inputCases = cases

const MAX_KEY_BYTES = 512
const MAX_METADATA_BYTES = 4096

add('empty-key', 'an empty key is refused before anything is sent', async (t) => {
  await assertKeyRefused(t, '', /1 to 512 bytes/)
})

add('long-key', 'a key of more than 512 bytes is refused, counted in UTF-8', async (t) => {
  await assertKeyRefused(t, 'k'.repeat(MAX_KEY_BYTES + 1), /512/)
  await assertKeyRefused(t, 'é'.repeat(MAX_KEY_BYTES / 2 + 1), /512/)
  await assertKeyRefused(t, '🎟'.repeat(MAX_KEY_BYTES / 4 + 1), /512/)
  assert.equal((await t.process()).locks.named('🎟'.repeat(MAX_KEY_BYTES / 4)).key.length, MAX_KEY_BYTES / 2)
})

add('nul-key', 'a key with NUL is refused', async (t) => {
  await assertKeyRefused(t, 'seat\0A1', /NUL/i)
})

add('lone-surrogate', 'a key that is not well-formed Unicode is refused', async (t) => {
  for (const key of ['\ud800', 'a\udc00', 'seat\ud83c', '\udf9f\ud83c'])
    await assertKeyRefused(t, key, /surrogate|well-formed/i)
})

add('not-a-string', 'a key that is not a string is refused', async (t) => {
  for (const key of [undefined, null, 7, {}, ['a']]) await assertKeyRefused(t, key as never, /string/i)
})

add('bad-key-in-group', 'one bad key among several is refused before anything is sent', async (t) => {
  const { locks, wire } = await t.process()
  await assert.rejects(async () => allOf(locks, [t.key(), '']).tryAcquire(), isInputError)
  await assert.rejects(async () => allOf(locks, [t.key(), 'a\0b']).acquire(), isInputError)
  assert.equal(wire.requests.length, 0)
})

add('longest-key', 'keys of 512 bytes that differ in their last byte only are different keys', async (t) => {
  const backend = await t.open()
  const stem = t
    .key()
    .padEnd(MAX_KEY_BYTES - 1, 'k')
    .slice(0, MAX_KEY_BYTES - 1)
  const { claim } = await t.hold(backend, `${stem}a`)
  assert.equal(claim.key.length, MAX_KEY_BYTES)
  await t.hold(backend, `${stem}b`)
  contended(await (await t.open()).tryAcquire(t.claim(claim.key), t.terms()))
})

add('no-normalisation', 'composed and decomposed characters make different keys', async (t) => {
  await assertDistinct(t, [
    '\u00e9',
    'e\u0301',
    '\ufb01',
    'fi',
    '\u00c5',
    'A\u030a',
    '\u212b',
    '\uac00',
    '\u1100\u1161',
  ])
})

add('no-folding', 'keys that differ in case, in white space or in a trailing slash are different keys', async (t) => {
  await assertDistinct(t, [
    'a',
    'A',
    'a ',
    ' a',
    'a\t',
    'a\n',
    'a/',
    '/a',
    'ı',
    'i',
    'İ',
    'ß',
    'ss',
    'a\u200b',
    'a\u0301',
  ])
})

add(
  'no-injection',
  'a key is data: quotes, globs, hash tags and fragments of SQL, Lua and paths mean nothing',
  async (t) => {
    await assertDistinct(t, HOSTILE)
  },
)

add('no-prefix', 'a key that is the beginning of another, or holds its separator, is a different key', async (t) => {
  await assertDistinct(t, [
    'a',
    'a:b',
    'a:b:c',
    'a/b',
    'a/b/',
    'a\u001fb',
    'a|b',
    'a,b',
    'a.b',
    'a%3Ab',
    'a\\:b',
    'a\u00ffb',
    'a\u{10ffff}',
  ])
})

add(
  'metadata',
  'metadata reaches an observer unchanged, up to 4096 bytes and whatever it says',
  'inspect',
  async (t) => {
    const longest = JSON.stringify('m'.repeat(MAX_METADATA_BYTES - 2))
    for (const metadata of [longest, JSON.stringify(HOSTILE), '"\\u0000 \\ud800"', 'null', '"é🎟"']) {
      const claim = t.claim()
      granted(await (await t.open()).tryAcquire(claim, t.terms(undefined, metadata)))
      const [shown] = (await (await t.open()).inspect?.(claim.key)) ?? []
      assert.equal(shown?.metadata, metadata)
    }
  },
)

add(
  'metadata-limit',
  'metadata of more than 4096 bytes, or that JSON cannot carry, is refused before anything is sent',
  async (t) => {
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    for (const metadata of ['m'.repeat(MAX_METADATA_BYTES), 'é'.repeat(MAX_METADATA_BYTES / 2), 1n, cyclic, () => 1]) {
      await assertOptionsRefused(t, { metadata: metadata as never })
    }
  },
)

const NUMBERS_REFUSED = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, '1000', null]

/** A wait and a hold may be without end. */
const isEndless = (name: string, value: number): boolean =>
  value === Number.POSITIVE_INFINITY && (name === 'waitMs' || name === 'maxHoldMs')

add(
  'durations',
  'a TTL, wait, margin or longest hold that is no sound duration is refused before anything is sent',
  async (t) => {
    for (const value of NUMBERS_REFUSED as never[]) {
      for (const name of ['ttlMs', 'waitMs', 'marginMs', 'maxHoldMs'] as const)
        if (!isEndless(name, value)) await assertOptionsRefused(t, { [name]: value })
    }
  },
)

add('ttl-range', 'a TTL that is zero, below 10 ms, no whole number, or above a year is refused', async (t) => {
  for (const ttlMs of [0, 9, 1000.5, 31_536_000_001, 2 ** 53]) await assertOptionsRefused(t, { ttlMs })
})

add('margin-range', 'a margin that leaves nothing of the TTL is refused', async (t) => {
  const { locks, wire } = await t.process()
  const lock = locks.named(t.key())
  await assert.rejects(async () => lock.tryAcquire({ ttlMs: 1_000, marginMs: 1_000 }), isInputError)
  assert.equal(wire.requests.length, 0)
})

add('long-timers', 'waits and holds longer than a timer can run are not over at once', async (t) => {
  const [one, other] = [await t.process(), await t.process()]
  const key = t.key()
  const lease = await one.locks.named(key).acquire({ ttlMs: 31_536_000_000, maxHoldMs: 3_000_000_000 })
  const waiting = other.locks.named(key).acquire({ waitMs: 3_000_000_000 })
  await t.until(() => other.saw('waiting'), 'it waits')
  await t.pass(t.ttlMs)
  lease.assertHeld()
  assert.equal(lease.signal.aborted, false)
  await lease.release()
  await t.settled(waiting)
})

const HOSTILE = [
  `'`,
  `''`,
  `"`,
  '`',
  `'; drop table leases; --`,
  `' or '1'='1`,
  '$1',
  '$\u007bkey}',
  '%s',
  '%',
  '_',
  '\\',
  '\\x00',
  '\\0',
  '*',
  '?',
  '[a-z]',
  '{tag}',
  '{tag}b',
  'b{tag}',
  '{}',
  '{',
  '}',
  'a b',
  'a\r\nSET b 1\r\n',
  '\n',
  '\t',
  '/',
  '//',
  '../..',
  '.',
  '..',
  '~',
  '#',
  'a#b',
  'a&b=c',
  '<script>',
  ']]',
  'return 1',
  `redis.call('FLUSHALL')`,
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  'undefined',
  'NaN',
  '0',
  '-1',
  '1e309',
  '\u202e',
  '\ufeff',
  '\uffff',
  '\u{1f39f}',
  '日本語',
  'ключ',
]

/** Each of these keys can be held beside all others, by itself, and by nobody else. */
async function assertDistinct(t: Trial, names: readonly string[]): Promise<void> {
  const [backend, rival] = [await t.open(), await t.open()]
  const stem = t.key()
  const held = []
  for (const name of names) held.push(await t.hold(backend, `${stem}${name}`))
  for (const { claim } of held) contended(await rival.tryAcquire(t.claim(claim.key), t.terms()))
  for (const { claim } of held) assert.equal(await backend.release(claim), true, `not released: ${claim.key}`)
  const bare = names.filter((name) => name.length > 1 && !name.startsWith(' '))
  for (const name of bare) granted(await rival.tryAcquire(t.claim(`${name}${stem}`), t.terms()))
}

const isInputError = (error: unknown) => error instanceof TypeError || error instanceof RangeError

async function assertKeyRefused(t: Trial, key: string, rule: RegExp): Promise<void> {
  const { locks, wire } = await t.process()
  assert.throws(
    () => locks.named(key),
    (error: Error) => isInputError(error) && rule.test(error.message),
  )
  assert.equal(wire.requests.length, 0)
}

async function assertOptionsRefused(t: Trial, options: AcquireOptions): Promise<void> {
  const { locks, wire }: Process = await t.process()
  await assert.rejects(
    async () => locks.named(t.key()).acquire(options),
    isInputError,
    `accepted: ${Object.entries(options).map(([name, value]) => `${name} ${String(value)}`)}`,
  )
  assert.equal(wire.requests.length, 0)
}
