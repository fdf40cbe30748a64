import type { Claim, Grant, LockBackend, Share } from '@leasehold/core'
import { createLocks, resume, semaphore, shared } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { claimOn, PATIENT, startTestEtcd, terms, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const READING: Share = { kind: 'shared' }
const permits = (of: number, take = 1): Share => ({ kind: 'permits', take, of })
const MINUTE_MS = 60_000

const part = (key: string, share?: Share): Claim => (share ? { ...claimOn(key), share } : claimOn(key))

async function take(backend: LockBackend, key: string, share?: Share, ttlMs?: number) {
  const claim = part(key, share)
  const grant = await backend.tryAcquire(claim, terms(ttlMs))
  expect(grant.granted).toBe(true)
  return { claim, grant: grant as Grant }
}

/** Of one key, in the order of their arrival. */
const placesOf = async (key: string) =>
  (await etcd.places()).filter(({ key: place }) => place.toString().includes(`/${encodeURIComponent(key)}/`))

/** Who waits stands on an etcd lease that a busy machine does not lose. */
const UNHURRIED = { minTtlMs: 10_000 }

/** Has its etcd leases, and their keys. */
async function experienced(): Promise<LockBackend> {
  const backend = etcd.open(UNHURRIED)
  const key = uniqueKey()
  for (const share of [undefined, permits(1)]) {
    const { claim } = await take(backend, key, share)
    await backend.release(claim)
    const waiter = await stand(backend, key, share)
    await waiter.turn
    await backend.release(waiter.claim)
  }
  await until(
    'its etcd leases have their keys',
    async () => (await etcd.raw.getAll().prefix('leasehold//').keys()).length === (await etcd.leaseCount()),
  )
  return backend
}

/** Waits, in the order of the calls. */
async function stand(backend: LockBackend, key: string, share?: Share) {
  const claim = part(key, share)
  const abort = new AbortController()
  const before = (await placesOf(key)).length
  const standing = { claim, abort, turn: backend.waitForTurn?.(claim, terms(), abort.signal), has: false }
  void standing.turn?.then((grant) => {
    standing.has = grant !== undefined
  })
  await until('it stands in line', async () => standing.has || (await placesOf(key)).length > before)
  return standing
}

async function transactions(): Promise<number> {
  const metrics = await (await fetch(`${etcd.server.url.replace(/\/$/, '')}/metrics`)).text()
  return Number(/grpc_server_msg_received_total{grpc_method="Txn"[^}]*} (\d+)/.exec(metrics)?.[1] ?? 0)
}

const slotsOf = async (backend: LockBackend, key: string) =>
  ((await backend.inspect?.(key)) ?? []).map(({ slots }) => slots)

describe('readers', () => {
  it('are taken and renewed with as many transactions as a claim for all of a key', async () => {
    const [one, other] = [await experienced(), await experienced()]
    const key = uniqueKey()
    const before = await transactions()
    const { claim } = await take(one, key, READING)
    const beside = await take(other, key, READING)
    expect((await transactions()) - before).toBe(2)
    await one.renew([{ ...claim, ttlMs: MINUTE_MS }])
    await one.release(claim)
    await other.release(beside.claim)
    expect((await transactions()) - before).toBe(5)
  })

  it('who die leave the others, and a writer waits for all of them, and asks for nothing meanwhile', async () => {
    const backends = [etcd.open(), etcd.open(), etcd.open()] as const
    const key = uniqueKey()
    const readers = [
      await take(backends[0], key, READING),
      await take(backends[1], key, READING),
      await take(backends[2], key, READING),
    ] as const
    const writing = await experienced()
    const writer = await stand(writing, key)
    const before = await transactions()
    const [dead] = await placesOf(key)
    await etcd.raw.leaseClient.leaseRevoke({ ID: dead?.lease ?? '' })
    await until('it is gone', async () => (await placesOf(key)).length === 3)
    expect(await backends[1].release(readers[1].claim)).toBe(true)
    expect(writer.has).toBe(false)
    expect(await writing.inspect?.(key)).toMatchObject([{ share: READING }])
    expect(await backends[2].renew([{ ...readers[2].claim, ttlMs: MINUTE_MS }])).toMatchObject([{ granted: true }])
    expect(await backends[2].release(readers[2].claim)).toBe(true)
    expect(await writer.turn).toMatchObject({ granted: true })
    // The dead one looks what it has lost, an inspection reads twice, a renewal, two releases: nothing by the writer.
    expect((await transactions()) - before).toBe(6)
    expect(await backends[0].renew([{ ...readers[0].claim, ttlMs: MINUTE_MS }])).toEqual(['gone'])
    await writing.release(writer.claim)
  })

  it('who wait behind a writer hold nothing, and are all let in when it leaves', async () => {
    const [one, other] = [etcd.open(), etcd.open()]
    const key = uniqueKey()
    const writer = await take(one, key)
    const waiting = [await stand(one, key, READING), await stand(other, key, READING), await stand(other, key, READING)]
    expect(await one.inspect?.(key)).toMatchObject([{ fencingToken: writer.grant.fencingToken }])
    const [first] = waiting
    expect(await other.renew([{ ...(first?.claim as Claim), ttlMs: MINUTE_MS }])).toEqual(['gone'])
    await one.release(writer.claim)
    for (const { turn, claim } of waiting) {
      const grant = await turn
      const [again, renewed] = [await one.tryAcquire(claim, terms()), await one.renew([{ ...claim, ttlMs: MINUTE_MS }])]
      for (const told of [again, renewed[0]]) expect(told).toMatchObject({ fencingToken: grant?.fencingToken })
    }
    expect(await one.inspect?.(key)).toHaveLength(3)
    expect(await etcd.open().releaseAll?.(waiting.map(({ claim }) => claim))).toEqual([true, true, true])
  })
})

describe('permits', () => {
  it('keep their slots when their place is moved, by the process that holds them or by another', async () => {
    const [one, other] = [etcd.open(), etcd.open()]
    const key = uniqueKey()
    const first = await take(one, key, permits(4, 2), 1_000)
    const second = await take(one, key, permits(4), 1_000)
    expect([first.grant.slots, second.grant.slots]).toEqual([[0, 1], [2]])
    await one.release(first.claim)
    const leaseOf = async () => (await placesOf(key))[0]?.lease
    const seen = [await leaseOf()]
    for (const backend of [one, other]) {
      const renewed = await backend.renew([{ ...second.claim, ttlMs: MINUTE_MS }])
      expect(renewed).toMatchObject([{ slots: [2], fencingToken: second.grant.fencingToken }])
      seen.push(await leaseOf())
    }
    expect(new Set(seen).size).toBe(3)
    expect((await take(one, key, permits(4, 3))).grant.slots).toEqual([0, 1, 3])
    expect(await one.tryAcquire(part(key, permits(4)), terms())).toEqual({ granted: false })
    expect(await slotsOf(other, key)).toEqual([[2], [0, 1, 3]])
    expect(await other.release(second.claim)).toBe(true)
    expect((await take(one, key, permits(4))).grant.slots).toEqual([2])
  })

  it('are taken up from a handle, with their slots', async () => {
    const [one, other] = [createLocks(etcd.open(), PATIENT), createLocks(etcd.open(), PATIENT)]
    const key = uniqueKey()
    const beside = await semaphore(one, key, 3).acquire()
    const lease = await semaphore(one, key, 3).acquire({ permits: 2 })
    const resumed = await resume(other, lease.handOff())
    expect(resumed?.slots).toEqual([1, 2])
    await one.close()
    await beside.release()
    await resumed?.renew()
    expect((await semaphore(other, key, 3).acquire()).slots).toEqual([0])
    await other.close()
  })

  it('are waited for by one at a time: the others ask nothing while there is no room', async () => {
    const backend = await experienced()
    const key = uniqueKey()
    const held = [await take(backend, key, permits(2)), await take(backend, key, permits(2))]
    const waiting = []
    for (let i = 0; i < 6; i += 1) waiting.push(await stand(await experienced(), key, permits(2, 2)))
    const before = await transactions()
    await backend.release((held[0] as (typeof held)[0]).claim)
    await until('the first has looked', async () => (await transactions()) - before >= 2)
    expect(waiting.some(({ has }) => has)).toBe(false)
    expect((await transactions()) - before).toBe(2)
    await backend.release((held[1] as (typeof held)[0]).claim)
    for (const { turn, claim } of waiting) {
      expect(await turn).toMatchObject({ slots: [0, 1] })
      expect(await backend.release(claim)).toBe(true)
    }
  })

  it('are not held by who waits, and one that leaves the line lets in those behind', async () => {
    const [one, other] = [etcd.open(), etcd.open()]
    const key = uniqueKey()
    const held = await take(one, key, permits(2))
    const wide = await stand(one, key, permits(2, 2))
    const narrow = await stand(other, key, permits(2))
    const reader = await stand(other, key, READING)
    expect(await slotsOf(one, key)).toEqual([[0]])
    expect(await other.renew([{ ...wide.claim, ttlMs: MINUTE_MS }])).toEqual(['gone'])
    wide.abort.abort()
    expect(await one.release(wide.claim)).toBe(false)
    expect(await narrow.turn).toMatchObject({ slots: [1] })
    await one.release(held.claim)
    expect(reader.has).toBe(false)
    await other.release(narrow.claim)
    expect(await reader.turn).toMatchObject({ granted: true })
    await other.release(reader.claim)
    expect(await placesOf(key)).toEqual([])
  })

  it('wait for writers and readers, and have greater tokens than these', async () => {
    const [one, other] = [etcd.open(), etcd.open()]
    const key = uniqueKey()
    const holds = [await take(one, key, READING), await take(other, key, READING)]
    const writer = await stand(one, key)
    const counted = [await stand(other, key, permits(2)), await stand(one, key, permits(2))]
    for (const { claim } of holds) await one.release(claim)
    const tokens = [...holds.map(({ grant }) => grant.fencingToken), (await writer.turn)?.fencingToken]
    expect(counted.some(({ has }) => has)).toBe(false)
    await one.release(writer.claim)
    const grants = await Promise.all(counted.map(({ turn }) => turn))
    tokens.push(...grants.map((grant) => grant?.fencingToken))
    expect(grants.map((grant) => grant?.slots)).toEqual([[0], [1]])
    expect(tokens).toEqual([...tokens].sort((a, b) => ((a ?? 0n) < (b ?? 0n) ? -1 : 1)))
    await one.releaseAll?.(counted.map(({ claim }) => claim))
  })
})

describe('a batch of all kinds', () => {
  it.each(['the holder', 'another process'])(
    'is renewed and released by %s, each claim answered in its place',
    async (by) => {
      const holder = etcd.open()
      const backend = by === 'the holder' ? holder : etcd.open()
      const shares = [undefined, READING, permits(3, 2), permits(3)]
      const claims: Claim[] = []
      for (let i = 0; i < 150; i += 1) {
        const share = shares[i % shares.length]
        claims.push((await take(holder, uniqueKey(), share)).claim, part(uniqueKey(), share))
      }
      const renewed = await backend.renew(claims.map((claim) => ({ ...claim, ttlMs: MINUTE_MS })))
      const granted = [{}, {}, { slots: [0, 1] }, { slots: [0] }].map((slots) => ({ granted: true, ...slots }))
      expect(renewed).toMatchObject(claims.map((_, i) => (i % 2 === 1 ? 'gone' : granted[(i / 2) % 4])))
      expect(await backend.releaseAll?.(claims)).toEqual(claims.map((_, i) => i % 2 === 0))
      expect(await backend.releaseAll?.(claims)).toEqual(claims.map(() => false))
    },
  )

  it('is taken whole or not at all', async () => {
    const [one, other] = [etcd.open(), etcd.open()]
    const claims = [part(uniqueKey()), part(uniqueKey(), READING), part(uniqueKey(), permits(3, 2))] as const
    const grants = await one.tryAcquireAll?.(claims, terms())
    expect(grants).toMatchObject([{ granted: true }, { granted: true }, { slots: [0, 1] }])
    expect(await one.tryAcquireAll?.(claims, terms())).toMatchObject([
      { granted: true },
      { granted: true },
      { slots: [0, 1] },
    ])
    const free = part(uniqueKey())
    expect(await other.tryAcquireAll?.([free, part(claims[1].key)], terms())).toEqual({ granted: false })
    expect(await other.tryAcquireAll?.([free, part(claims[1].key, READING)], terms())).toMatchObject([{}, {}])
    expect(await one.releaseAll?.(claims)).toEqual([true, true, true])
  })
})

it('readers of one process read at once, and nothing is left of them', async () => {
  const locks = createLocks(etcd.open(UNHURRIED), PATIENT)
  const key = uniqueKey()
  const writer = await locks.named(key).acquire()
  const reading = Array.from({ length: 70 }, () => shared(locks, key).acquire())
  await writer.release()
  const leases = await Promise.all(reading)
  for (const lease of leases) lease.assertHeld()
  await locks.close()
  expect((await etcd.places()).filter(({ key: place }) => place.toString().includes(encodeURIComponent(key)))).toEqual(
    [],
  )
})
