import { describe, expect, it } from 'vitest'
import { Namespace } from '../src/namespace.ts'

const holder = 'ab'.repeat(16)
const within = ({ key, range_end }: { key: Buffer; range_end: Buffer }, place: string) =>
  Buffer.compare(key, Buffer.from(place)) <= 0 && Buffer.compare(Buffer.from(place), range_end) < 0

describe('names in etcd', () => {
  const names = new Namespace('app')

  it.each(['a/b', 'a%2Fb', 'a', 'a0', 'ä', '/', '\u{1f512}'])(
    'the line of %j holds its own places and no others',
    (key) => {
      for (const other of ['a/b', 'a%2Fb', 'a', 'a0', 'ä', 'ä', '/', '\u{1f512}'])
        expect(within(names.lineFor(key), names.placeOf({ key: other, holder }))).toBe(other === key)
    },
  )

  it('namespaces do not reach into each other', () => {
    for (const other of ['ap', 'app2', 'app.'])
      expect(within(names.range, new Namespace(other).placeOf({ key: 'a', holder }))).toBe(false)
    expect(within(names.range, names.placeOf({ key: 'a', holder }))).toBe(true)
  })

  it.each(['', 'a/b', 'a b', 'ä', 'a'.repeat(101)])('%j is no namespace', (name) => {
    expect(() => new Namespace(name)).toThrow(RangeError)
  })
})
