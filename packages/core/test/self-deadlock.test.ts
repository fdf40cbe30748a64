import { describe, expect, it } from 'vitest'
import { allOf, createLocks, type LockEvent } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

const deadlock = { code: 'SELF_DEADLOCK', key: 'k' }

describe('a self-deadlock', () => {
  it('is reported where the work under a lease asks for the same lock, at any depth', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.named('k')
    const deep = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return locks.named('other').run(() => lock.acquire())
    }
    await lock.run(async () => {
      await expect(lock.run(() => 'never')).rejects.toMatchObject(deadlock)
      await expect(lock.acquire({ waitMs: 1000 })).rejects.toMatchObject(deadlock)
      await expect(allOf(locks, ['j', 'k']).acquire()).rejects.toMatchObject(deadlock)
      await expect(deep()).rejects.toMatchObject(deadlock)
      expect(await lock.tryAcquire()).toBeNull()
    })
    expect(await locks.named('j').inspect()).toEqual([])
  })

  it('after a plain acquire is a wait that the observer is told of', async () => {
    const waits: boolean[] = []
    const onEvent = (event: LockEvent) => void (event.type === 'waiting' && waits.push(event.heldHere))
    const store = new MemoryStore()
    await using locks = createLocks(memoryBackend({ store }), { onEvent })
    await using others = createLocks(memoryBackend({ store }), { onEvent })
    const lease = await locks.named('k').acquire()
    await expect(others.named('k').acquire({ waitMs: 1 })).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
    await expect(locks.named('k').acquire({ waitMs: 1 })).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
    expect(waits).toEqual([false, true])
    const next = locks.named('k').acquire()
    await lease.release()
    expect((await next).remainingMs).toBeGreaterThan(0)
  })

  it('is not seen between jobs that one loop starts', async () => {
    await using locks = createLocks(memoryBackend())
    const order: number[] = []
    const job = (id: number) =>
      locks.named('k').run(async () => {
        await new Promise((resolve) => setImmediate(resolve))
        order.push(id)
      })
    const jobs = []
    for (const id of [1, 2, 3]) {
      jobs.push(job(id))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await Promise.all(jobs)
    expect(order).toEqual([1, 2, 3])
  })

  it('is not seen in code that a lease without run was acquired for: somebody else may release it', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.named('k')
    const lease = await lock.acquire()
    const waiting = lock.acquire()
    await lease.release()
    await (await waiting).release()
  })

  it('is over with the lease, though the work goes on', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.named('k')
    await lock.run(async (lease) => {
      await lease.release()
      await (await lock.acquire()).release()
    })
  })

  it('does not concern another Locks over the same store', async () => {
    const store = new MemoryStore()
    await using locks = createLocks(memoryBackend({ store }))
    await using others = createLocks(memoryBackend({ store }))
    await locks.named('k').run(async () => {
      await expect(others.named('k').acquire({ waitMs: 20 })).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
    })
  })

  it('is waited for when asked: this work does not await its successor', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.named('k')
    const successor = await lock.run(() => ({ lease: lock.acquire({ whenHeld: 'wait' }) }))
    await (await successor.lease).release()
  })
})
