import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { allOf, createLocks, type LockBackend, resume } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

const program = (source: string) => {
  const imports = `import { createLocks } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}
    import { memoryBackend } from ${JSON.stringify(new URL('../src/memory/index.ts', import.meta.url).href)}\n`
  const args = ['--import', 'tsx', '--input-type=module', '--eval', imports + source]
  return spawnSync(process.execPath, args, { encoding: 'utf8' })
}

function setting() {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  const open = () => createLocks(memoryBackend({ store }), { clock: time.clock, ttlMs: 1000 })
  return { time, store, here: open(), there: open() }
}

describe('close, under a run', () => {
  it('tells the work by its signal, and releases the lease when the work has ended: the next begins afterwards', async () => {
    const { time, here, there } = setting()
    const story: string[] = []
    const running = here.named('k').run(async (lease) => {
      await new Promise<void>((stop) => lease.signal.addEventListener('abort', () => stop()))
      story.push('told')
      await new Promise<void>((done) => time.clock.setTimer(5000, done))
      lease.assertHeld()
      story.push('done')
      return 'result'
    })
    await time.pass(10)
    const next = there.named('k').acquire()
    void next.then(() => story.push('next'))
    const closing = here.close()
    await expect(here.named('other').tryAcquire()).rejects.toMatchObject({ code: 'CLOSED' })
    await time.pass(6000)
    expect(await running).toBe('result')
    expect(await closing).toEqual({ released: 1, interrupted: [], unreleased: [], backendError: undefined })
    await next
    expect(story).toEqual(['told', 'done', 'next'])
    await there.close()
  })

  it('waits for drainMs, and then takes the lease back and says so', async () => {
    const { time, here, there } = setting()
    const running = here.named('k').run(() => new Promise<void>((done) => time.clock.setTimer(60_000, done)))
    const rejected = expect(running).rejects.toMatchObject({ code: 'CLOSED' })
    await time.pass(10)
    const closing = here.close({ drainMs: 3000 })
    await time.pass(2900)
    expect(await there.named('k').tryAcquire()).toBeNull()
    await time.pass(200)
    expect(await closing).toEqual({ released: 1, interrupted: ['k'], unreleased: [], backendError: undefined })
    expect((await there.named('k').tryAcquire())?.remainingMs).toBeGreaterThan(0)
    await time.pass(60_000)
    await rejected
    await there.close()
  })

  it('releases at once what no run works under', async () => {
    const { here, there } = setting()
    const lease = await here.named('k').acquire()
    expect((await here.close()).released).toBe(1)
    expect(() => lease.assertHeld()).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await there.close()
  })

  it('refuses a time to drain that is none, and closes with the next call', async () => {
    const { here, there } = setting()
    await expect(here.close({ drainMs: -1 })).rejects.toThrow(RangeError)
    expect((await here.close()).released).toBe(0)
    await there.close()
  })
})

it('a process does not end in the middle of a run whose work waits for the end of its lease', () => {
  const { stdout, status } = program(`
    const locks = createLocks(memoryBackend(), { ttlMs: 300, maxHoldMs: 200 })
    const ended = locks.named('leader').run(async (lease) => {
      await new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
      console.log('cleaning up')
    })
    await ended.catch((error) => console.log(error.code))
    await locks.close()`)
  expect(stdout).toBe('cleaning up\nLEASE_LOST\n')
  expect(status).toBe(0)
})

it('a run whose work released its lease says so where somebody else has it at the end, and only there', async () => {
  const { here, there } = setting()
  const lock = here.named('k')
  const overtaken = lock.run(async (lease) => {
    await lease.release()
    await there.named('k').acquire()
  })
  await expect(overtaken).rejects.toMatchObject({
    code: 'LEASE_ENDED',
    message: expect.stringContaining('somebody else'),
  })
  expect(await here.named('j').run((lease) => lease.release())).toBe('released')
  await Promise.all([here.close(), there.close()])
})

describe('a self-deadlock', () => {
  const deadlock = { code: 'SELF_DEADLOCK' }

  it('is seen under a group', async () => {
    await using locks = createLocks(memoryBackend())
    const group = await allOf(locks, ['a', 'b']).acquire()
    const result = await group.run(async ({ leases }) => {
      await expect(locks.named('b').acquire()).rejects.toMatchObject(deadlock)
      await expect(allOf(locks, ['c', 'a']).acquire()).rejects.toMatchObject(deadlock)
      return leases.length
    })
    expect(result).toBe(2)
    expect(group.remainingMs).toBe(0)
  })

  it('is seen under a lease that is worked under', async () => {
    await using locks = createLocks(memoryBackend())
    const lease = await locks.named('a').acquire()
    await lease.run(async () => {
      await expect(locks.named('a').acquire()).rejects.toMatchObject(deadlock)
    })
    expect(lease.remainingMs).toBe(0)
  })

  it('is seen across a hand-off and its resumption', async () => {
    await using locks = createLocks(memoryBackend())
    await locks.named('k').run(async (lease) => {
      const again = await resume(locks, lease.handOff())
      await expect(locks.named('k').acquire()).rejects.toMatchObject(deadlock)
      await again?.release()
    })
  })

  it('is not looked for where that was switched off: no context is made', async () => {
    const probe = new AsyncLocalStorage<string>()
    await using locks = createLocks(memoryBackend(), { whenHeld: 'wait' })
    const { run } = AsyncLocalStorage.prototype
    let runs = 0
    AsyncLocalStorage.prototype.run = function (this: AsyncLocalStorage<unknown>, ...args: Parameters<typeof run>) {
      runs += 1
      return run.apply(this, args)
    } as typeof run
    try {
      await locks.named('k').run(() => 'done')
      expect(runs).toBe(0)
      await locks.named('k').run({ whenHeld: 'throw' }, () => 'done')
      expect(runs).toBe(1)
    } finally {
      AsyncLocalStorage.prototype.run = run
    }
    expect(probe.getStore()).toBeUndefined()
  })
})

it('one backend serves one createLocks, whose options were good', () => {
  const backend = memoryBackend()
  expect(() => createLocks(backend, { ttlMs: 1 })).toThrow(RangeError)
  createLocks(backend)
  expect(() => createLocks(backend)).toThrow(TypeError)
})

it.each([undefined, null, 0, 1, 'OK'])('a release answered with %o is not answered', async (answer) => {
  const memory = memoryBackend({ store: new MemoryStore() })
  const release = (async () => answer) as unknown as LockBackend['release']
  const time = virtualTime()
  const locks = createLocks({ ...memory, release }, { clock: time.clock })
  const lease = await locks.named('k').acquire()
  const ending = expect(lease.release()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  await time.pass(3000)
  await ending
  const closing = locks.close()
  await time.pass(3000)
  await closing
})

it('a grant that does not say that it is one is none', async () => {
  const memory = memoryBackend()
  const tryAcquire = (async () => ({ ttlMs: 1000, fencingToken: 1n })) as unknown as LockBackend['tryAcquire']
  await using locks = createLocks({ ...memory, tryAcquire })
  await expect(locks.named('k').tryAcquire()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
})
