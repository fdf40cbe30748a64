import { askRedis, startRedisReplica, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
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

  it('are remembered for a time, and not for ever', async () => {
    await visit(open(), 'forgotten')
    expect(Number(await ask('pttl', TOKEN_NAME('forgotten')))).toBeGreaterThan(60_000)
    const names = (await ask('keys', 'leasehold:*:forgotten:*')).split('\n')
    expect(names).toEqual([TOKEN_NAME('forgotten')])
  })

  it('are the only thing that remains of a key, with waiters and without', async () => {
    const backend = open()
    for (let turn = 0; turn < 20; turn += 1) await visit(backend, 'left')
    await until('nothing else is left', async () => (await ask('keys', 'leasehold:*:left:*')) === TOKEN_NAME('left'))
    expect(await ask('exists', TOKEN_NAME('left'))).toBe('1')
  })
})
