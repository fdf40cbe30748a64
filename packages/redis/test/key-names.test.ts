import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { slotOfText } from '../src/cluster/slot.ts'
import { fenceName } from '../src/fence-name.ts'
import { redisBackend } from '../src/index.ts'
import { allNames, forcedName, keyNames, keyOfHold, quorumNames } from '../src/key-names.ts'
import { PARTITIONS } from '../src/partitions.ts'

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

describe('the name of a fence', () => {
  it.each(['', 'app:', '{app}:'])(
    'is in the slot of its value, and of no other value, after the prefix %j',
    (prefix) => {
      const names = KEYS.map((key) => `${prefix}${fenceName(prefix, key)}`)
      const slotOfName = (name: string) => slotOfText(slotText(name))
      expect(names.map(slotOfName)).toEqual(KEYS.map((key) => slotOfName(`${prefix}${key}`)))
      expect(new Set([...names, ...KEYS.map((key) => `${prefix}${key}`)]).size).toBe(KEYS.length * 2)
    },
  )
})

describe('names of keys', () => {
  it.each(KEYS)('%j: all of one lock share a slot', (key) => {
    const names = [...allNames(keyNames('leasehold:', key)), forcedName('leasehold:', key)]
    const slots = new Set(names.map((name) => slotOfText(slotText(name))))
    expect(slots.size).toBe(1)
  })

  it('differ from those of any other key, but for where the last token is', () => {
    const [own, tokens] = [new Set<string>(), new Set<string>()]
    for (const key of KEYS) {
      const { token, ...others } = keyNames('leasehold:', key)
      tokens.add(token)
      for (const name of Object.values(others)) own.add(name)
    }
    expect(own.size).toBe(KEYS.length * 3)
    expect([...tokens].filter((name) => own.has(name))).toEqual([])
    const atAQuorum = KEYS.flatMap((key) => allNames(quorumNames('leasehold:', key)))
    expect(new Set(atAQuorum).size).toBe(KEYS.length * 4)
  })

  it('differ from those of any key in another namespace', () => {
    const prefixes = ['a', 'a/', 'a:', 'a:b', '/', ':']
    const keys = [
      ...KEYS,
      ...PARTITIONS.flatMap((tag) => [`{${tag}}:a`, `/{${tag}}:a`, `b{${tag}}:{a}`, `{${tag}}:{a}`]),
    ]
    const names = prefixes.flatMap((prefix) => keys.map((key) => keyNames(prefix, key).hold))
    expect(new Set(names).size).toBe(prefixes.length * keys.length)
    for (const prefix of prefixes) expect(names.flatMap((name) => keyOfHold(prefix, name) ?? [])).toEqual(keys)
  })

  it('tell the key of a hold, and of nothing else', () => {
    for (const key of KEYS) {
      const names = allNames(keyNames('leasehold:', key))
      expect(names.map((name) => keyOfHold('leasehold:', name))).toEqual([key, undefined, undefined, undefined])
    }
    expect(keyOfHold('leasehold:', 'leasehold:{other}:a:hold')).toBeUndefined()
  })

  it('share the slot that a hash tag in the key asks for', () => {
    const slots = ['order:{42}:a', 'order:{42}:b'].map((key) => slotText(keyNames('leasehold:', key).hold))
    expect(slots).toEqual(['42', '42'])
  })

  it('share one of twelve slots otherwise', () => {
    const slots = Array.from({ length: 1000 }, (_, index) => slotText(keyNames('leasehold:', `seat:${index}`).hold))
    expect(new Set(slots)).toEqual(new Set(PARTITIONS))
  })

  it('are refused a prefix that would decide about slots', () => {
    const client = new Redis({ lazyConnect: true })
    for (const prefix of ['', '{a}', 'a b']) expect(() => redisBackend({ client, prefix })).toThrow(TypeError)
  })

  it('need a client', () => {
    for (const client of [undefined, {}, 'redis://127.0.0.1'])
      expect(() => redisBackend({ client: client as never })).toThrow('client must be a client of ioredis')
  })
})
