import { AsyncResource } from 'node:async_hooks'
import { describe, expect, it } from 'vitest'
import { createLocks } from '../src/index.ts'
import { memoryBackend } from '../src/memory/index.ts'

const deadlock = { code: 'SELF_DEADLOCK' }

describe('a self-deadlock', () => {
  it('is reported inside run', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.lock('k')
    await expect(lock.run(() => lock.run(() => 'never'))).rejects.toMatchObject(deadlock)
  })

  it('is reported after a plain acquire, in functions called from there, and across several keys', async () => {
    await using locks = createLocks(memoryBackend())
    await using _ = await locks.lock('k').acquire()
    const called = async () => {
      await Promise.resolve()
      return locks.acquireAll(['j', 'k'])
    }
    await expect(called()).rejects.toMatchObject(deadlock)
    expect(await locks.lock('j').inspect()).toBeNull()
  })

  it('is not seen in a context that merely waits beside the holder', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.lock('k')
    const first = lock.acquire()
    const second = lock.acquire()
    await (await first).release()
    await (await second).release()
  })

  it('is not seen in a sibling context that branched off before the acquire', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.lock('k')
    const sibling = new AsyncResource('request')
    const lease = await lock.acquire()
    const waiting = sibling.runInAsyncScope(() => lock.acquire())
    await lease.release()
    await (await waiting).release()
  })

  it('is over with the lease, however it ended', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.lock('k')
    await (await lock.acquire()).release()
    const handle = (await lock.acquire()).handOff()
    const resumed = await locks.resume(handle)
    await resumed?.release()
    await (await lock.acquire()).release()
  })

  it('does not concern another Locks over the same store, nor another key', async () => {
    const locks = createLocks(memoryBackend())
    const others = createLocks(memoryBackend())
    await using _ = await locks.lock('k').acquire()
    await (await others.lock('k').acquire()).release()
    await (await locks.lock('j').acquire()).release()
    await Promise.all([locks.close(), others.close()])
  })

  it('is waited for when asked, since other code releases the lease', async () => {
    await using locks = createLocks(memoryBackend())
    const lock = locks.lock('k')
    const lease = await lock.acquire()
    const waiting = lock.acquire({ whenHeld: 'wait' })
    await lease.release()
    await (await waiting).release()
  })

  it('is found among ten thousand leases of one context', async () => {
    await using locks = createLocks(memoryBackend())
    for (let index = 0; index < 10_000; index += 1) await locks.lock(`k${index}`).acquire()
    await expect(locks.lock('k0').acquire()).rejects.toMatchObject(deadlock)
    await expect(locks.lock('k9999').acquire()).rejects.toMatchObject(deadlock)
  })
})
