import { describe, expect, it } from 'vitest'
import { allOf, createLocks, type Locks, resumeAll, semaphore, shared, stats } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

function pair(): { one: Locks; other: Locks; asked: () => number } {
  const store = new MemoryStore()
  const memory = memoryBackend({ store })
  let asked = 0
  const counted = {
    ...memory,
    tryAcquire: (...args: Parameters<typeof memory.tryAcquire>) => {
      asked += 1
      return memory.tryAcquire(...args)
    },
  }
  return { one: createLocks(counted), other: createLocks(memoryBackend({ store })), asked: () => asked }
}

describe('a reader that would wait for its own work', () => {
  it('hears of it, whichever way round', async () => {
    await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
    const readers = shared(locks, 'k')
    await readers.run(async () => {
      await expect(locks.named('k').acquire()).rejects.toMatchObject({ code: 'SELF_DEADLOCK' })
      await expect(allOf(locks, ['j', 'k']).acquire()).rejects.toMatchObject({ code: 'SELF_DEADLOCK' })
      await expect(readers.acquire()).rejects.toMatchObject({ code: 'SELF_DEADLOCK' })
      await (await readers.acquire({ whenHeld: 'wait' })).release()
    })
    await locks.named('k').run(() => expect(readers.acquire()).rejects.toMatchObject({ code: 'SELF_DEADLOCK' }))
  })

  it('is no other caller, and no reader of another key', async () => {
    await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
    const beside = shared(locks, 'k').run(() => sleep(20))
    await shared(locks, 'k').run(() => shared(locks, 'j').run(() => undefined))
    await beside
  })
})

it('a permit may be taken beside those that the same work has, as long as there are enough', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const three = semaphore(locks, 'k', 3)
  await three.run({ permits: 2 }, async ({ slots }) => {
    expect(slots).toEqual([0, 1])
    await three.run((lease) => expect(lease.slots).toEqual([2]))
    await expect(three.acquire({ permits: 2 })).rejects.toMatchObject({ code: 'SELF_DEADLOCK' })
  })
})

it('permits under another count than those that the same work has are counted by their slots', async () => {
  await using locks = createLocks(memoryBackend({ store: new MemoryStore() }))
  const low = await semaphore(locks, 'k', 5).acquire({ permits: 3 })
  await semaphore(locks, 'k', 5).run({ permits: 2 }, async ({ slots }) => {
    expect(slots).toEqual([3, 4])
    await low.release()
    const three = semaphore(locks, 'k', 3)
    await three.run({ permits: 3 }, (lease) => expect(lease.slots).toEqual([0, 1, 2]))
  })
})

it('while the key is not to be had, one of a thousand readers asks for all', async () => {
  const { one, other, asked } = pair()
  const writer = await other.named('k').acquire()
  const reading = Array.from({ length: 1000 }, () => shared(one, 'k').acquire())
  await sleep(50)
  expect(asked()).toBeLessThan(5)
  expect(stats(one)).toMatchObject({ leases: 0, waiting: 1000 })
  await writer.release()
  const leases = await Promise.all(reading)
  expect(new Set(leases.map(({ fencingToken }) => fencingToken)).size).toBe(1000)
  expect(stats(one)).toMatchObject({ leases: 1000, waiting: 0 })
  await Promise.all([one.close(), other.close()])
})

it('readers who could read at once a moment ago ask one by one where a writer has come', async () => {
  const { one, other, asked } = pair()
  const reading = await Promise.all(Array.from({ length: 10 }, () => shared(one, 'k').acquire()))
  const writing = other.named('k').acquire()
  await sleep(10)
  const before = asked()
  const late = Array.from({ length: 200 }, () => shared(one, 'k').acquire())
  await sleep(50)
  expect(asked() - before).toBeLessThan(70)
  for (const lease of reading) await lease.release()
  await (await writing).release()
  await Promise.all(late)
  await Promise.all([one.close(), other.close()])
})

it('close ends the waits for parts, and gives back those that are held', async () => {
  const { one, other } = pair()
  await semaphore(one, 'k', 2).acquire({ permits: 2 })
  const waiting = semaphore(one, 'k', 2).acquire()
  const refused = expect(waiting).rejects.toMatchObject({ code: 'CLOSED' })
  await sleep(10)
  expect(await one.close()).toMatchObject({ released: 1, unreleased: [] })
  await refused
  expect(await semaphore(other, 'k', 2).tryAcquire({ permits: 2 })).not.toBeNull()
  await other.close()
})

it('a wait for a part keeps to its time, and to its signal', async () => {
  const { one, other } = pair()
  await other.named('k').acquire()
  await expect(shared(one, 'k').acquire({ waitMs: 20 })).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
  const abort = new AbortController()
  const waiting = [shared(one, 'k').acquire({ signal: abort.signal }), shared(one, 'k').acquire({ waitMs: 1000 })]
  setTimeout(() => abort.abort(new Error('enough')), 10)
  await expect(waiting[0]).rejects.toThrow('enough')
  await other.close()
  await (await waiting[1])?.release()
  expect(stats(one)).toMatchObject({ leases: 0, waiting: 0 })
  await one.close()
})

describe('a group that is handed over', () => {
  it('is taken up whole', async () => {
    const { one, other } = pair()
    const group = await allOf(one, ['a', 'b']).acquire()
    await group.renew()
    expect(group.get('b')?.key).toBe('b')
    expect(group.get('c')).toBeUndefined()
    const resumed = await resumeAll(other, group.handOff())
    expect(resumed?.leases.map(({ key }) => key)).toEqual(['a', 'b'])
    expect(await resumed?.run(() => 'worked')).toBe('worked')
    await Promise.all([one.close(), other.close()])
  })

  it('is not taken up where a part of it is gone, and the rest stays good', async () => {
    const { one, other } = pair()
    const group = await allOf(one, ['a', 'b']).acquire()
    const handles = group.handOff()
    const [, second] = handles
    expect(await resumeAll(one, [second as (typeof handles)[0]]).then((alone) => alone?.release())).toBe('released')
    expect(await resumeAll(other, handles)).toBeNull()
    expect(await other.named('a').tryAcquire()).toBeNull()
    const [first] = handles
    expect(await resumeAll(other, [first as (typeof handles)[0]]).then((alone) => alone?.release())).toBe('released')
    await Promise.all([one.close(), other.close()])
  })

  it.each([[[]], [undefined], ['handles']])('is no %j', async (handles) => {
    const { one } = pair()
    await expect(resumeAll(one, handles as never)).rejects.toThrow(TypeError)
    await one.close()
  })
})
