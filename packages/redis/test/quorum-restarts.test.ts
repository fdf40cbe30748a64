import { type Contended, createLocks, type Grant, isLeaseholdError, shared } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { NOWHERE, startQuorumStanding } from './quorum-standing.ts'

const MAX_TTL_MS = 2000

const standing = await startQuorumStanding(3, { save: '""' })
const { servers, holds, holdAt } = standing
const open = (urls = standing.urls) => standing.open(urls, { maxTtlMs: MAX_TTL_MS })
afterAll(standing.stop)

const [a = '', b = '', c = ''] = standing.urls
const restartEmpty = async (index: number) => {
  await servers[index]?.kill()
  await servers[index]?.restart()
}
const pairs = [open([a, b, NOWHERE]), open([a, NOWHERE, c])]
/** Every server counts, in the eyes of a client that came early: two pairs of them grant by themselves. A later one may reckon a second more. */
const allCount = async () => {
  const granted = pairs.map(async (pair, index) => {
    const claim = claimOn(`ready ${index}`)
    const answer = await pair.tryAcquire(claim, terms(100)).catch(() => ({ granted: false }))
    await pair.release(claim).catch(() => {})
    return answer.granted
  })
  return (await Promise.all(granted)).every(Boolean)
}

beforeAll(async () => {
  await until('all have been up for the longest TTL', allCount)
})

describe('a node that comes back empty', () => {
  it('does not help anybody to a key that it may have kept for another', async () => {
    const first = open([a, b, NOWHERE])
    const claimed = claimOn('forgotten')
    let sentMs = 0
    let token = 0n
    await until('the first has it', async () => {
      sentMs = performance.now()
      const grant = await first.tryAcquire(claimed, terms(MAX_TTL_MS)).catch(() => ({ granted: false }) as const)
      if (grant.granted) token = grant.fencingToken
      return grant.granted
    })
    await restartEmpty(1)
    const rival = open()
    const claim = claimOn('forgotten')
    let after: Grant | Contended = { granted: false }
    const attempt = async () => {
      after = await rival.tryAcquire(claim, terms(100)).catch(() => ({ granted: false }) as const)
      return after.granted
    }
    expect(await attempt()).toBe(false)
    await until('the rival gets it', attempt)
    expect(performance.now() - sentMs).toBeGreaterThanOrEqual(MAX_TTL_MS)
    expect(after).toMatchObject({ granted: true })
    expect((after as unknown as Grant).fencingToken).toBeGreaterThan(token)
  })

  it('counts as soon as it has been up for the longest TTL', async () => {
    await restartEmpty(1)
    const pair = open([a, b, NOWHERE])
    await expect(pair.tryAcquire(claimOn('waiting'), terms(100))).rejects.toThrow('has restarted')
    expect(await holds('waiting')).toBe('000')
    const again = () =>
      pair.tryAcquire(claimOn('waiting'), terms(100)).then(
        ({ granted }) => granted,
        () => false,
      )
    await until('it counts', again)
  })

  it('is given back what the majority holds: a lease outlives that all restart, one after the other', async () => {
    await until('all count', allCount)
    const locks = createLocks(open(), { ttlMs: MAX_TTL_MS })
    const lease = await locks.named('rolling').acquire({ metadata: 'kept' })
    const restored = async () => (await holds('rolling')) === '111'
    await until('all keep it', restored)
    for (const index of [0, 1, 2]) {
      await restartEmpty(index)
      await until('it is given back', restored)
    }
    lease.assertHeld()
    expect(await locks.named('rolling').inspect()).toMatchObject([{ fencingToken: lease.fencingToken }])
    expect(await lease.release()).toBe('released')
    await until('nothing is left', async () => (await holds('rolling')) === '000')
  })
})

describe('a node that comes back empty while readers hold a key', () => {
  it('is given back each of them, and no writer comes in between', async () => {
    await until('all count', allCount)
    const [one, other] = [createLocks(open(), { ttlMs: MAX_TTL_MS }), createLocks(open(), { ttlMs: MAX_TTL_MS })]
    // Those who come later may reckon a second more.
    const waitMs = 20_000
    const leases = [
      await shared(one, 'readers').acquire({ waitMs }),
      await shared(other, 'readers').acquire({ waitMs }),
    ]
    const { hold } = keyNames('leasehold-quorum:', 'readers')
    // Beside the three fields that a shared key has.
    const readersAt = (server: Server) => askRedis(server, 'hlen', hold).then((fields) => Number(fields) - 3)
    const restored = async () => (await Promise.all(servers.map(readersAt))).every((count) => count === leases.length)
    await until('all keep both', restored)
    for (const index of [0, 1, 2]) {
      await restartEmpty(index)
      // Where two do not count, a majority cannot tell: that is no grant either.
      const writing = other.named('readers').tryAcquire({ ttlMs: 100 })
      expect(
        await writing.catch((error: unknown) => isLeaseholdError(error, 'BACKEND_UNAVAILABLE') || error),
      ).toBeOneOf([null, true])
      await until('both are given back', restored)
    }
    for (const lease of leases) {
      lease.assertHeld()
      expect(await lease.release()).toBe('released')
    }
    await until('nothing is left', async () => (await holds('readers')) === '000')
  })
})

describe('a renewal', () => {
  it('gives no node what another claim has there', async () => {
    await until('all count', allCount)
    const holder = open()
    const claim = await holdAt(holder, 'taken', '111', MAX_TTL_MS)
    const name = keyNames('leasehold-quorum:', 'taken').hold
    await askRedis(servers[2] as Server, 'hset', name, 'holder', 'somebody else')
    expect(await holder.renew([{ ...claim, ttlMs: MAX_TTL_MS }])).toMatchObject([{ granted: true }])
    expect(await holder.renew([{ ...claim, ttlMs: MAX_TTL_MS }])).toMatchObject([{ granted: true }])
    expect(await askRedis(servers[2] as Server, 'hget', name, 'holder')).toBe('somebody else')
  })

  it('of a claim that is over gives nothing to any node', async () => {
    const holder = open()
    const claim = await holdAt(holder, 'over', '111', MAX_TTL_MS)
    await holder.release(claim)
    // One node may answer later than the others decide.
    await until('nothing is left', async () => (await holds('over')) === '000')
    expect(await holder.renew([{ ...claim, ttlMs: MAX_TTL_MS }])).toEqual(['gone'])
    expect(await holds('over')).toBe('000')
  })
})

describe('a TTL longer than the longest', () => {
  it('is refused before anything is sent', async () => {
    const locks = createLocks(open([NOWHERE, NOWHERE, NOWHERE]))
    await expect(locks.named('long').acquire({ ttlMs: MAX_TTL_MS + 1 })).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })
})

describe('servers that are said to be durable', () => {
  it('must write to disk', async () => {
    const backend = standing.open([a, b, c], { durable: true })
    await expect(backend.tryAcquire(claimOn('durable'), terms())).rejects.toThrow('appendonly')
  })
})
