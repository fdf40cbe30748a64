import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { redis } from '../src/index.ts'
import { allNames, keyNames } from '../src/key-names.ts'

/** Redis' own rule, as its documentation writes it. */
function slotText(name: string): string {
  const open = name.indexOf('{')
  const close = name.indexOf('}', open + 1)
  return open === -1 || close === -1 || close === open + 1 ? name : name.slice(open + 1, close)
}

const KEYS = [
  'a',
  'b',
  ':a',
  '}',
  '{',
  '{}',
  '{}a',
  '{a',
  'a}',
  '{a}',
  '{a}b',
  'x{a}',
  '{:a}',
  '/a',
  'a}:hold',
  '{a}:hold',
  '{{a}}',
  'a:hold',
  ' ',
  '%',
  'é',
]

describe('names of keys', () => {
  it.each(KEYS)('%j: all of one lock share a slot', (key) => {
    const slots = new Set(allNames(keyNames('leasehold:', key)).map(slotText))
    expect(slots.size).toBe(1)
  })

  it('differ from those of any other key', () => {
    const names = KEYS.flatMap((key) => allNames(keyNames('leasehold:', key)))
    expect(new Set(names).size).toBe(KEYS.length * 4)
  })

  it('share the slot that a hash tag in the key asks for', () => {
    const slots = ['order:{42}:a', 'order:{42}:b'].map((key) => slotText(keyNames('leasehold:', key).hold))
    expect(slots).toEqual(['42', '42'])
  })

  it('are refused a prefix that would decide about slots', () => {
    const client = new Redis({ lazyConnect: true })
    for (const prefix of ['', '{a}', 'a b']) expect(() => redis({ client, prefix })).toThrow(TypeError)
  })
})
