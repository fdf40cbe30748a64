import { describe, expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { allOf, createLocks, type LockBackend, resume } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

/** The smallest backend there can be: three operations. */
function minimal(store: MemoryStore): LockBackend {
  const { name, capabilities, tryAcquire, renew, release } = memoryBackend({ store })
  return { name, capabilities, tryAcquire, renew, release }
}

describe.each([
  ['at once', (store: MemoryStore) => memoryBackend({ store })],
  ['one after another', minimal],
])('several locks taken %s', (_, backendOver) => {
  function twoProcesses(ttlMs = 3000) {
    const time = virtualTime()
    const store = new MemoryStore({ clock: time.clock })
    const open = () => createLocks(backendOver(store), { clock: time.clock, ttlMs })
    return { time, store, here: open(), there: open() }
  }

  it('come all or none', async () => {
    const { here, there, store } = twoProcesses()
    const blocker = await there.named('b').acquire()
    expect(await allOf(here, ['a', 'b', 'c']).tryAcquire()).toBeNull()
    expect(store.size).toBe(1)
    await blocker.release()
    const group = await allOf(here, ['c', 'a', 'b']).tryAcquire()
    expect(group?.leases.map(({ key }) => key)).toEqual(['c', 'a', 'b'])
    expect(await group?.release()).toBe('released')
    expect(store.size).toBe(0)
    await Promise.all([here.close(), there.close()])
  })

  it('are waited for, with what is held already kept alive and all valid at the end', async () => {
    const { here, there, time, store } = twoProcesses()
    const blocker = await there.named('b').acquire()
    const waiting = allOf(here, ['b', 'a']).acquire({ autoRenew: false })
    await time.pass(10_000)
    await blocker.release()
    await time.pass(2000)
    const group = await waiting
    expect(group.remainingMs).toBeGreaterThan(900)
    await time.pass(3100)
    expect(() => group.assertHeld()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }))
    expect(group.signal.aborted).toBe(true)
    expect(store.size).toBe(0)
    await Promise.all([here.close(), there.close()])
  })

  it('are given back when the time to wait is over', async () => {
    const { here, there, time, store } = twoProcesses()
    await there.named('b').acquire()
    const waiting = allOf(here, ['a', 'b']).acquire({ waitMs: 500 })
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
    await time.pass(600)
    await rejected
    await time.pass(10)
    expect(store.size).toBe(1)
    await Promise.all([here.close(), there.close()])
  })

  it('cannot deadlock each other, whatever order they are asked in', async () => {
    const { here, there, time } = twoProcesses()
    const rounds = async (locks: typeof here, keys: string[]) => {
      for (let round = 0; round < 20; round += 1)
        await (await allOf(locks, keys).acquire({ whenHeld: 'wait' })).release()
      return true
    }
    const all = Promise.all([rounds(here, ['a', 'b', 'c']), rounds(there, ['c', 'b', 'a']), rounds(here, ['b', 'a'])])
    let done = false
    void all.then(() => {
      done = true
    })
    for (let step = 0; step < 10_000 && !done; step += 1) await time.pass(50)
    expect(await all).toEqual([true, true, true])
    await Promise.all([here.close(), there.close()])
  })

  it('are handed off together, or not at all', async () => {
    const { here, there, time } = twoProcesses()
    const group = await allOf(here, ['a', 'b']).acquire({ autoRenew: false })
    const resumed = await Promise.all(
      group.handOff().map((handle) => resume(there, JSON.parse(JSON.stringify(handle)))),
    )
    expect(resumed.map((lease) => lease?.fencingToken)).toEqual(group.leases.map(({ fencingToken }) => fencingToken))
    const other = await allOf(here, ['c', 'd']).acquire({ autoRenew: false })
    await time.pass(3100)
    expect(() => other.handOff()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }))
    await Promise.all([here.close(), there.close()])
  })
})

describe('one attempt at several keys of a backend that takes them one after another', () => {
  /** Two processes, each 2 ms away from the server. */
  function apart(tripMs = 2) {
    const time = virtualTime()
    const store = new MemoryStore({ clock: time.clock })
    const trip = () => new Promise<void>((arrived) => time.clock.setTimer(tripMs, arrived))
    const slow = (): LockBackend => {
      const { name, capabilities, tryAcquire, renew, release } = minimal(store)
      const slowly = async <T>(ask: () => Promise<T>) => {
        await trip()
        const answer = await ask()
        await trip()
        return answer
      }
      return {
        name,
        capabilities,
        tryAcquire: (...attempt) => slowly(() => tryAcquire(...attempt)),
        renew: (...renewal) => slowly(() => renew(...renewal)),
        release: (...ending) => slowly(() => release(...ending)),
      }
    }
    const open = () => createLocks(slow(), { clock: time.clock })
    return { time, store, here: open(), there: open() }
  }

  it('takes them in one order, so that of two who ask at once one has them all', async () => {
    const { time, here, there } = apart()
    for (let round = 0; round < 10; round += 1) {
      const asking = Promise.all([allOf(here, ['A', 'B']).tryAcquire(), allOf(there, ['B', 'A']).tryAcquire()])
      await time.pass(50)
      const groups = await asking
      expect(groups.filter((group) => group !== null)).toHaveLength(1)
      const ending = Promise.all(groups.map((group) => group?.release()))
      await time.pass(50)
      await ending
    }
    const closing = Promise.all([here.close(), there.close()])
    await time.pass(50)
    await closing
  })

  it('has all of them or none at its end, though the first are held for longer than their TTL', async () => {
    const { time, here } = apart(10)
    const keys = Array.from({ length: 10 }, (_, index) => `k${index}`)
    const asking = allOf(here, keys).tryAcquire({ ttlMs: 100, autoRenew: false })
    await time.pass(220)
    const group = await asking
    expect(group === null || group.leases.every((lease) => lease.remainingMs > 0)).toBe(true)
    expect(group).not.toBeNull()
    const closing = here.close()
    await time.pass(50)
    await closing
  })

  it('has given back what it took when it says that it has none', async () => {
    const { time, here, there, store } = apart()
    const blocking = there.named('B').acquire()
    await time.pass(10)
    await blocking
    const refused = allOf(here, ['A', 'B'])
      .tryAcquire()
      .then((group) => ({ group, held: store.size }))
    const timedOut = allOf(here, ['C', 'B'])
      .acquire({ waitMs: 50 })
      .catch(() => ({ held: store.size }))
    await time.pass(200)
    expect(await refused).toEqual({ group: null, held: 1 })
    expect(await timedOut).toEqual({ held: 1 })
    const closing = Promise.all([here.close(), there.close()])
    await time.pass(50)
    await closing
  })
})

it.each([
  [[], 'not empty'],
  [['a', 'a'], 'distinct'],
  [['a', ''], '1 to 512 bytes'],
])('keys %j are refused before any I/O', async (keys, rule) => {
  const store = new MemoryStore()
  await using locks = createLocks(memoryBackend({ store }))
  expect(() => allOf(locks, keys)).toThrow(rule)
  expect(store.size).toBe(0)
})
