import { askRedis, startRedisReplica, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { PARTITIONS } from '../src/partitions.ts'
import { startStanding, visit } from './standing.ts'

const standing = await startStanding({ save: '""' })
const { server, ask, open } = standing
afterAll(standing.stop)

const TOKEN_NAME = (key: string) => keyNames('leasehold:', key).token

describe('fencing tokens', () => {
  it('go on after FLUSHALL', async () => {
    const backend = open()
    const before = await visit(backend, 'flushed')
    await ask('flushall')
    expect(await ask('dbsize')).toBe('0')
    expect(await visit(backend, 'flushed')).toBeGreaterThan(before)
  })

  it('go on after a crash without persistence', async () => {
    const before = await visit(open(), 'crashed')
    await server.kill()
    await server.restart()
    expect(await ask('dbsize')).toBe('0')
    expect(await visit(open(), 'crashed')).toBeGreaterThan(before)
  })

  it('go on at a replica that missed the last grants', async () => {
    const known = await visit(open(), 'lagging')
    await using replica = await startRedisReplica(server)
    await askRedis(replica, 'replicaof', 'no', 'one')
    const missed = await visit(open(), 'lagging')
    expect(await askRedis(replica, 'get', TOKEN_NAME('lagging'))).toBe(String(known))
    const backend = open({}, replica.url)
    expect(await visit(backend, 'lagging')).toBeGreaterThan(missed)
    await backend.close?.()
  })

  it('go on by tens, exactly, while the clock of the server is behind', async () => {
    const ahead = 9_007_199_254_740_000n
    await ask('set', TOKEN_NAME('behind'), String(ahead))
    const backend = open()
    expect(await visit(backend, 'behind')).toBe(ahead + 10n)
    expect(await visit(backend, 'behind')).toBe(ahead + 20n)
  })

  it('go on above one that was passed on inside a process', async () => {
    const ahead = 9_007_199_254_740_008n
    await ask('set', TOKEN_NAME('inside'), String(ahead))
    expect(await visit(open(), 'inside')).toBe(ahead + 2n)
  })

  it('are remembered for ever, one for all keys of a partition, or of a slot', async () => {
    await ask('flushall')
    const backend = open()
    const keys = Array.from({ length: 500 }, (_, index) => [`left ${index}`, `left {${index % 3}} ${index}`]).flat()
    await Promise.all(keys.map((key) => visit(backend, key)))
    const names = new Set(keys.map(TOKEN_NAME))
    expect(names.size).toBe(PARTITIONS.length + 3)
    await until('nothing else is left', async () => Number(await ask('dbsize')) === names.size)
    for (const name of names) expect(await ask('pttl', name)).toBe('-1')
  })

  it('increase from key to key of a partition, and so for each key', async () => {
    const backend = open()
    const keys = Array.from({ length: 40 }, (_, index) => `together {tag} ${index % 4}`)
    const tokens: bigint[] = []
    for (const key of keys) tokens.push(await visit(backend, key))
    expect(tokens).toEqual(tokens.toSorted((one, other) => (one < other ? -1 : 1)))
    expect(new Set(tokens).size).toBe(tokens.length)
  })
})
