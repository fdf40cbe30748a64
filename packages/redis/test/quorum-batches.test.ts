import { type Claim, createLocks } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { startQuorumStanding } from './quorum-standing.ts'
import { scriptsRunAt } from './standing.ts'

const standing = await startQuorumStanding(3, { appendonly: 'yes' })
const { servers, open, holds, holdAt } = standing
afterAll(standing.stop)

const MINUTE_MS = 60_000
/** All servers answer, however slow the machine is. */
const UNHURRIED = { nodeTimeoutMs: 10_000 }
const runs = () => Promise.all(servers.map(scriptsRunAt))

/** Claims that all servers keep, under one token, over connections that stand; and nothing is under way. */
async function held(count: number, name: string) {
  const backend = open(undefined, UNHURRIED)
  const claims: Claim[] = []
  for (let index = 0; index < count; index += 1) claims.push(await holdAt(backend, `${name} ${index}`, '111'))
  // One that was late was given a token of another round. A renewal mends that.
  await until('all have one token', async () => {
    await backend.renew(claims.map((claim) => ({ ...claim, ttlMs: MINUTE_MS })))
    return (await Promise.all(claims.map(({ key }) => tokensOf(key)))).every((tokens) => tokens.size === 1)
  })
  let last = ''
  await until('nothing is under way', async () => {
    const before = last
    last = String(await runs())
    return last === before
  })
  return { backend, claims }
}

const tokensOf = async (key: string): Promise<Set<string>> =>
  new Set(await Promise.all(servers.map((server) => askRedis(server, 'hget', namesOf(key).hold, 'token'))))

describe('a batch', () => {
  it('is renewed by one script at each server, each claim for a TTL of its own', async () => {
    const { backend, claims } = await held(20, 'TTLs')
    const before = await runs()
    const renewals = claims.map((claim, index) => ({ ...claim, ttlMs: (index + 2) * MINUTE_MS }))
    const answers = await backend.renew(renewals)
    expect(answers).toEqual(renewals.map(({ ttlMs }) => expect.objectContaining({ granted: true, ttlMs })))
    await until('each has run one', async () => {
      const after = await runs()
      return after.every((count, index) => count === (before[index] ?? 0) + 1)
    })
  })

  it('is released by one script at each server, and each claim is answered', async () => {
    const { backend, claims } = await held(20, 'releases')
    const stranger = claimOn('releases 7')
    const before = await runs()
    expect(await backend.releaseAll?.([...claims.toReversed(), stranger])).toEqual([...claims.map(() => true), false])
    await until('each has run one', async () => {
      const after = await runs()
      return after.every((count, index) => count === (before[index] ?? 0) + 1)
    })
    expect(await backend.tryAcquire(stranger, terms())).toMatchObject({ granted: true })
  })

  it('that is released calls up those who wait, where nobody polls', async () => {
    const { backend, claims } = await held(3, 'awaited')
    const locks = createLocks(open(undefined, UNHURRIED), { pollMs: MINUTE_MS })
    const waiting = claims.slice(1).map(({ key }) => locks.named(key).acquire({ ttlMs: MINUTE_MS }))
    await until('they wait', async () => {
      const lines = claims.slice(1).map(({ key }) => askRedis(servers[0] as Server, 'llen', namesOf(key).queue))
      return (await Promise.all(lines)).every((length) => length === '1')
    })
    expect(await backend.releaseAll?.(claims)).toEqual([true, true, true])
    await Promise.all(waiting)
    expect((await locks.close()).released).toBe(2)
  })

  it('is given back to a server that lost it, each claim for its own TTL', async () => {
    const { backend, claims } = await held(2, 'lost')
    const [first] = servers as [Server]
    for (const { key } of claims) await askRedis(first, 'del', namesOf(key).hold)
    const renewals = claims.map((claim, index) => ({ ...claim, ttlMs: (index + 1) * 10 * MINUTE_MS }))
    const isKept = async () => (await Promise.all(claims.map(({ key }) => holds(key)))).every((at) => at === '111')
    await until('it has them again', async () => {
      await backend.renew(renewals)
      return isKept()
    })
    for (const { key, ttlMs } of renewals) {
      const leftMs = Number(await askRedis(first, 'pttl', namesOf(key).hold))
      expect(leftMs).toBeGreaterThan(ttlMs - 5 * MINUTE_MS)
      expect(leftMs).toBeLessThanOrEqual(ttlMs)
    }
  })

  it('with a TTL that is too long in it is renewed but for that claim', async () => {
    const { claims } = await held(2, 'too long')
    const strict = open(undefined, { ...UNHURRIED, maxTtlMs: 2 * MINUTE_MS, durable: false })
    const [fits, long] = claims.map((claim, index) => ({ ...claim, ttlMs: (index * 2 + 1) * MINUTE_MS }))
    expect(fits && long && (await strict.renew([long, fits]))).toMatchObject(['unknown', { granted: true }])
    await expect(long && strict.renew([long])).rejects.toMatchObject({ code: 'UNSUPPORTED' })
    expect(await strict.renew([])).toEqual([])
  })
})

const namesOf = (key: string) => keyNames('leasehold-quorum:', key)
