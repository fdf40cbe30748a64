import { expect, it } from 'vitest'
import { annotate, createLocks, election, forceRelease, type Leader, type Lease } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const candidates = (store = new MemoryStore()) => [1, 2].map(() => createLocks(memoryBackend({ store })))

it('work that fails while it leads fails the run, and gives the lead up', async () => {
  const [one, other] = candidates()
  if (!one || !other) return
  const running = election(one, 'leader').run(async () => {
    throw new Error('the work has failed')
  })
  await expect(running).rejects.toThrow('the work has failed')
  await election(other, 'leader').campaign({ waitMs: 0 })
  await Promise.all([one.close(), other.close()])
})

it('work that comes to its end resolves the run', async () => {
  const [one] = candidates()
  expect(await election(one as never, 'leader').run({ value: 1 }, (lead) => lead.fencingToken)).toBeTypeOf('bigint')
  await one?.close()
})

it('a signal tells the work, which is let come to its end before the lead is given up', async () => {
  const [one, other] = candidates()
  if (!one || !other) return
  const stop = new AbortController()
  let ended = false
  const running = election(one, 'leader').run({ signal: stop.signal }, async (lead) => {
    await new Promise((resolve) => lead.signal.addEventListener('abort', resolve))
    await sleep(20)
    lead.assertHeld()
    ended = true
  })
  const refused = expect(running).rejects.toThrow('enough')
  await sleep(5)
  const next = election(other, 'leader').campaign()
  stop.abort(new Error('enough'))
  await next
  expect(ended).toBe(true)
  await refused
  await Promise.all([one.close(), other.close()])
})

it('a signal that aborts in the moment of the election tells the work', async () => {
  const stop = new AbortController()
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }), {
    onEvent: ({ type }) => type === 'acquired' && stop.abort(new Error('enough')),
  })
  const running = election(locks, 'leader').run({ signal: stop.signal }, async (lead) => {
    if (!lead.signal.aborted) throw new Error('nobody tells the work')
  })
  await expect(running).rejects.toThrow('enough')
})

it('work that throws what its signal made it throw ends the run with the reason of the signal', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const stop = new AbortController()
  const running = election(locks, 'leader').run({ signal: stop.signal }, async (lead) => {
    await new Promise((resolve) => lead.signal.addEventListener('abort', resolve))
    throw new DOMException('The operation was aborted', 'AbortError')
  })
  const refused = expect(running).rejects.toThrow('enough')
  await sleep(5)
  stop.abort(new Error('enough'))
  await refused
})

it('campaigns of one object at the same time bring the same lead, and can be called off one by one', async () => {
  const [one, other] = candidates()
  if (!one || !other) return
  const before = await election(other, 'leader').campaign()
  const leadership = election(one, 'leader')
  const stop = new AbortController()
  const campaigns = [leadership.campaign(), leadership.campaign({ value: 1 })]
  const calledOff = leadership.campaign({ signal: stop.signal })
  await sleep(5)
  stop.abort(new Error('enough'))
  await expect(calledOff).rejects.toThrow('enough')
  await before.release()
  const [first, second] = await Promise.all(campaigns)
  expect(first).toBe(second)
  first?.assertHeld()
  await expect(leadership.campaign({ signal: 'none' as never })).rejects.toThrow(TypeError)
  await Promise.all([one.close(), other.close()])
})

it('work is told that its lead was given up by resign, and the run ends with it', async () => {
  const [one, other] = candidates()
  if (!one || !other) return
  const leadership = election(one, 'leader')
  let told: unknown
  const running = leadership.run(async (lead) => {
    const hearing = new Promise((resolve) => lead.signal.addEventListener('abort', resolve))
    await leadership.resign()
    await hearing
    told = lead.signal.reason
    return 'done'
  })
  expect(await running).toBe('done')
  expect(told).toMatchObject({ code: 'LEASE_ENDED' })
  await election(other, 'leader').campaign({ waitMs: 0 })
  await Promise.all([one.close(), other.close()])
})

it('a run whose lead was given up by resign does not resolve where the next leads already', async () => {
  const [one, other] = candidates()
  if (!one || !other) return
  const leadership = election(one, 'leader')
  const running = leadership.run(async (lead) => {
    const next = election(other, 'leader').campaign()
    await leadership.resign()
    await next
    expect(lead.signal.aborted).toBe(true)
  })
  await expect(running).rejects.toMatchObject({ code: 'LEASE_ENDED' })
  await Promise.all([one.close(), other.close()])
})

it('runs of one object lead one after the other, each under a lead of its own', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const leadership = election(locks, 'leader')
  const terms: bigint[] = []
  let atWork = 0
  const work = async (lead: Lease) => {
    expect(++atWork).toBe(1)
    terms.push(lead.fencingToken)
    if (terms.length === 1) runs.push(leadership.run({ whenHeld: 'wait' }, work))
    await sleep(5)
    lead.assertHeld()
    atWork -= 1
  }
  const runs = [leadership.run({ whenHeld: 'wait' }, work), leadership.run({ whenHeld: 'wait' }, work)]
  await Promise.all(runs)
  await runs[2]
  expect(new Set(terms).size).toBe(3)
})

it('a run works under the lead that a campaign of its object has brought', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const leadership = election(locks, 'leader')
  const lead = await leadership.campaign()
  expect(await leadership.run(({ fencingToken }) => fencingToken)).toBe(lead.fencingToken)
  expect(leadership.isLeader).toBe(false)
})

it('a leader has a value, and no metadata', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const named = { metadata: 'a:1' } as object
  expect(() => election(locks, 'leader', named)).toThrow('no option metadata')
  await expect(election(locks, 'leader').campaign(named)).rejects.toThrow('no option metadata')
  await expect(election(locks, 'leader').run(named, () => {})).rejects.toThrow('no option metadata')
})

it('a signal need only have the shape of one', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }), { ttlMs: 60 })
  const signal = { aborted: false, addEventListener() {}, removeEventListener() {} }
  let leads = 0
  const running = election(locks, 'leader').run({ signal: signal as unknown as AbortSignal }, async (lead) => {
    leads += 1
    if (leads > 1) return
    await forceRelease(locks, 'leader', { reason: 'once more' })
    await new Promise((resolve) => lead.signal.addEventListener('abort', resolve))
  })
  await running
  expect(leads).toBe(2)
})

it('an observer who could not look looks again, although nothing changes any more', async () => {
  const store = new MemoryStore()
  const backend = memoryBackend({ store })
  let isAway = false
  const inspect = async (key: string) => {
    if (isAway) throw new Error('away')
    return (await backend.inspect?.(key)) ?? []
  }
  await using locks = createLocks({ ...backend, inspect }, { pollMs: 20 })
  await using others = createLocks(memoryBackend({ store }))
  const observing = election(locks, 'leader').observe()
  expect((await observing.next()).value).toBeNull()
  isAway = true
  const seen = observing.next()
  const lead = await election(others, 'leader').campaign({ autoRenew: false })
  await sleep(10)
  isAway = false
  expect((await seen).value).toMatchObject({ term: lead.fencingToken })
  await observing.return?.()
})

it('nobody is asked who leads when the locks are closed', async () => {
  const locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  await locks.close()
  await expect(election(locks, 'leader').leader()).rejects.toMatchObject({ code: 'CLOSED' })
})

it('an observer sees who leads, and what is proclaimed, and ends when the locks are closed', async () => {
  const [one, other] = candidates()
  if (!one || !other) return
  const seen: (Leader | null)[] = []
  const observing = (async () => {
    for await (const leader of election(other, 'leader').observe()) seen.push(leader)
  })()
  const leading = election(one, 'leader')
  await leading.campaign({ value: 'a' })
  await sleep(5)
  await leading.proclaim('b')
  await sleep(5)
  await leading.resign()
  await sleep(5)
  await other.close()
  await observing
  expect(seen.map((leader) => leader?.value)).toEqual([undefined, 'a', 'b', undefined])
  await one.close()
})

it('only a lease of this package can be annotated, while it is held', async () => {
  const [one] = candidates()
  if (!one) return
  await expect(annotate({} as never, 1)).rejects.toThrow(TypeError)
  const lease = await one.named('k').acquire()
  await expect(annotate(lease, 'x'.repeat(5000))).rejects.toThrow(RangeError)
  await annotate(lease, { done: 0.5 })
  expect(await one.named('k').inspect()).toMatchObject([{ metadata: { done: 0.5 } }])
  await lease.release()
  await expect(annotate(lease, 1)).rejects.toMatchObject({ code: 'LEASE_ENDED' })
  await one.close()
})

it('a lease that cannot be annotated since it is gone is lost, and says why', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const lease = await locks.named('k').acquire()
  await forceRelease(locks, 'k', { reason: 'the operator knows' })
  await expect(annotate(lease, 1)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  expect(() => lease.assertHeld()).toThrow('forced: the operator knows')
})

it('who does not lead cannot proclaim', async () => {
  const [one] = candidates()
  if (!one) return
  await expect(election(one, 'leader').proclaim(1)).rejects.toMatchObject({ code: 'LEASE_ENDED' })
  await one.close()
})
