import { describe, expect, test } from 'vitest'
import { databaseAddress } from '../src/database/open-database.ts'
import { lockAddress } from '../src/locks/lock-address.ts'
import { readRaceOptions } from '../src/race/options.ts'
import { assertThere } from '../src/stage/named-servers.ts'
import { serviceName } from '../src/stage/services.ts'
import { assertPossible } from '../src/stage/stage.ts'

const alone = { nodes: 1, with: undefined, locks: undefined, database: undefined }

describe('where locks are kept', () => {
  test.each([
    ['memory:', { kind: 'memory' }],
    ['redis://localhost:6379/3', { kind: 'redis', url: 'redis://localhost:6379/3' }],
    ['rediss://a', { kind: 'redis', url: 'rediss://a' }],
    ['postgres://me@db/shop', { kind: 'postgres', url: 'postgres://me@db/shop' }],
    ['postgresql://db/shop', { kind: 'postgres', url: 'postgresql://db/shop' }],
    ['etcd://a:2379, etcd://b:2379', { kind: 'etcd', urls: ['etcd://a:2379', 'etcd://b:2379'] }],
    [
      'redis://a,redis://b,redis://c',
      { kind: 'redis-quorum', urls: ['redis://a', 'redis://b', 'redis://c'], durable: false },
    ],
  ])('is told by an address: %s', (text, address) => {
    expect(lockAddress(text)).toEqual(address)
  })

  test.each([
    '',
    'memory',
    'redis:',
    'mysql://a',
    'redis://a,etcd://b',
    'postgres://a,postgres://b',
    'memory:,memory:',
  ])('is not told by "%s"', (text) => {
    expect(() => lockAddress(text)).toThrow(RangeError)
  })
})

describe('what cannot work is refused with the way out', () => {
  test('several server processes with locks in memory', () => {
    expect(() => assertPossible({ ...alone, nodes: 3, locks: { kind: 'memory' } })).toThrow(
      /each server process would have locks of its own.*--with postgres, --with redis/s,
    )
    expect(() => assertPossible({ ...alone, locks: { kind: 'memory' } })).not.toThrow()
  })

  test('a lock server that is both started and named', () => {
    const both = { ...alone, with: 'redis', locks: lockAddress('redis://a') } as const
    expect(() => assertPossible(both)).toThrow(/give one of them/)
  })

  test('a server or a database that nobody knows', () => {
    expect(() => serviceName('oracle')).toThrow(/redis, postgres,.* etcd/)
    expect(() => databaseAddress('mysql://a')).toThrow(/postgres:/)
  })

  test('a database that only one process can have', () => {
    expect(() => databaseAddress('embedded')).toThrow(/postgres:/)
  })
})

test.each([
  ['--database', { database: 'postgres://localhost:1/nowhere', locks: undefined }],
  ['--locks', { database: undefined, locks: lockAddress('redis://localhost:1') }],
] as const)('a server that %s names and that does not answer is said before anything begins', async (option, named) => {
  await expect(assertThere(named)).rejects.toThrow(`What ${option} names does not answer: `)
})

test.each([
  [['--customers', '2'], 1],
  [['--customers', '30'], 3],
  [[], 4],
  [['--customers', '30', '--freeze', '2'], 2],
])('a race with %j freezes no more checkouts than it comes to', (args, frozen) => {
  expect(readRaceOptions(args).contest).toMatchObject({ frozen })
})
