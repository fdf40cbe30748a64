import { askRedis, type Server, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { quorumNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { NOWHERE, startQuorumStanding } from './quorum-standing.ts'
import { visit } from './standing.ts'

const standing = await startQuorumStanding(3, { appendonly: 'yes' })
const { servers, urls, open } = standing
afterAll(standing.stop)

const [a = '', b = '', c = ''] = urls
const tokenName = (key: string) => quorumNames('leasehold-quorum:', key).token
const tokensOf = (key: string) => Promise.all(servers.map((server) => askRedis(server, 'get', tokenName(key))))

/** In µs, as tokens are. */
async function clockOf(server: Server): Promise<bigint> {
  const [seconds = '0', micros = '0'] = (await askRedis(server, 'time')).split('\n')
  return BigInt(seconds) * 1_000_000n + BigInt(micros)
}

const isIncreasing = (tokens: readonly bigint[]) => tokens.every((token, i) => i === 0 || token > (tokens[i - 1] ?? 0n))

describe('tokens of a quorum', () => {
  it('strictly increase although each grant has another majority', async () => {
    const pairs = [open([a, b, NOWHERE]), open([a, NOWHERE, c]), open([NOWHERE, b, c])]
    const tokens: bigint[] = []
    for (let turn = 0; turn < 30; turn += 1) {
      for (const pair of pairs) tokens.push(await visit(pair, 'alternating'))
    }
    expect(isIncreasing(tokens)).toBe(true)
  })

  it('go on above the counter that is furthest ahead, once a majority has met it', async () => {
    const pairs = [open([NOWHERE, b, c]), open([a, b, NOWHERE]), open([NOWHERE, b, c])]
    const ahead = 9_007_199_254_740_000n
    await askRedis(servers[0] as Server, 'set', tokenName('ahead'), String(ahead))
    const tokens: bigint[] = []
    for (const pair of pairs) tokens.push(await visit(pair, 'ahead'))
    expect(tokens[1]).toBeGreaterThan(ahead)
    expect(isIncreasing(tokens)).toBe(true)
  })

  it('are the same at every node that grants', async () => {
    await askRedis(servers[0] as Server, 'set', tokenName('same'), '9007199254740000')
    const backend = open()
    const grant = await backend.tryAcquire(claimOn('same'), terms())
    const token = grant.granted ? String(grant.fencingToken) : 'none'
    const alike = (await tokensOf('same')).filter((each) => each === token)
    expect(alike.length).toBeGreaterThanOrEqual(2)
  })

  it('stay what they are for a claim that asks again, although a node without it answers before one that has it', async () => {
    const proxy = await standing.proxy(1)
    const slow = open([a, proxy.through(b), c])
    const claim = await standing.holdAt(open([a, b, NOWHERE]), 'again', '110')
    const ask = async () => {
      const grant = await slow.tryAcquire(claim, terms())
      return grant.granted ? String(grant.fencingToken) : 'none'
    }
    const token = await askRedis(servers[0] as Server, 'get', tokenName('again'))
    await slow.inspect?.('again')
    proxy.delay(100)
    expect(await ask()).toBe(token)
  })

  it('are agreed on without a part of the time that was asked for', async () => {
    const backend = open()
    const granted: number[] = []
    for (let turn = 0; turn < 50; turn += 1) {
      const key = `agreed:${turn}`
      await askRedis(servers[0] as Server, 'set', tokenName(key), '9007199254740000')
      const grant = await backend.tryAcquire(claimOn(key), terms())
      granted.push(grant.granted ? grant.ttlMs : 0)
    }
    expect(new Set(granted)).toEqual(new Set([terms().ttlMs]))
  })

  it('go on after every node has lost its data', async () => {
    const backend = open()
    const before = await visit(backend, 'lost')
    // Tokens run some milliseconds ahead of the clocks, from which they go on.
    for (const server of servers)
      await until('its clock has passed the token', async () => (await clockOf(server)) > before)
    for (const server of servers) await askRedis(server, 'flushall')
    expect(await visit(backend, 'lost')).toBeGreaterThan(before)
    expect(await visit(open(), 'lost')).toBeGreaterThan(before)
  })

  it('are forgotten after a time, but not before the clock of the node has passed them', async () => {
    const hour = 3_600_000
    const ahead = (Date.now() + 48 * hour) * 1000
    await askRedis(servers[1] as Server, 'set', tokenName('expiring'), String(ahead))
    /** One node may answer later than the others grant. */
    const rememberedMs = async (key: string) => {
      await visit(open(), key)
      const left = async () => Number(await askRedis(servers[1] as Server, 'pttl', tokenName(key)))
      await until('the node has granted, too', async () => (await left()) > 0)
      return left()
    }
    expect(await rememberedMs('expiring')).toBeGreaterThan(47 * hour)
    expect(await rememberedMs('plain')).toBeGreaterThan(23 * hour)
  })

  it('are the only thing that remains of a key', async () => {
    await visit(open(), 'remains')
    for (const server of servers) {
      const names = () => askRedis(server, 'keys', 'leasehold-quorum:*:remains:*')
      await until('nothing else is left', async () => (await names()) === tokenName('remains'))
    }
  })
})
