import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { createLocks, type LockBackend, type LockEvent } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

function watchedBackend() {
  const time = virtualTime()
  const store = new MemoryStore({ clock: time.clock })
  const memory = memoryBackend({ store })
  const sizes: number[] = []
  const backend: LockBackend = {
    ...memory,
    renew: (renewals) => {
      sizes.push(renewals.length)
      return memory.renew(renewals)
    },
  }
  return { time, store, memory, backend, sizes }
}

it('renews ten thousand leases, taken at different moments, in few requests', async () => {
  const { time, backend, sizes } = watchedBackend()
  const locks = createLocks(backend, { clock: time.clock, ttlMs: 10_000, whenHeld: 'wait' })
  const leases = []
  for (let index = 0; index < 10_000; index += 1) {
    leases.push(await locks.named(`k${index}`).acquire())
    if (index % 1000 === 0) await time.pass(150)
  }
  sizes.length = 0
  await time.pass(10_000)
  expect(leases.every((lease) => lease.remainingMs > 0)).toBe(true)
  expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThanOrEqual(20_000)
  expect(sizes.length / 10).toBeLessThan(50)
  await locks.close()
})

it('renews leases of thousands of TTLs in few requests, each by its own', async () => {
  const { time, store, backend, sizes } = watchedBackend()
  const locks = createLocks(backend, { clock: time.clock })
  const leases = await Promise.all(
    Array.from({ length: 2000 }, (_, index) => locks.named(`k${index}`).acquire({ ttlMs: 9000 + index })),
  )
  await time.pass(9000)
  expect(leases.every((lease) => lease.remainingMs > 0)).toBe(true)
  expect(sizes.length).toBeLessThan(500)
  expect(store.inspect('k1999')[0]?.remainingMs).toBeGreaterThan(store.inspect('k0')[0]?.remainingMs ?? Number.NaN)
  await Promise.all(leases.map((lease) => lease.renew()))
  expect(leases.map((lease, index) => lease.remainingMs <= 9000 + index && lease.remainingMs > 8000)).not.toContain(
    false,
  )
  await locks.close()
})

it('keeps those that one shard answered for, when another is silent', async () => {
  const jeopardised: string[] = []
  const onEvent = (event: LockEvent) => {
    if (event.type === 'jeopardy') jeopardised.push(event.key)
  }
  const { time, memory, backend } = watchedBackend()
  const renew: LockBackend['renew'] = async (claims) => {
    const answers = await memory.renew(claims)
    return answers.map((answer, index) => (claims[index]?.key === 'silent' ? 'unknown' : answer))
  }
  const locks = createLocks({ ...backend, renew }, { clock: time.clock, ttlMs: 3000, onEvent })
  const answered = await locks.named('answered').acquire()
  const silent = await locks.named('silent').acquire()
  await time.pass(3100)
  expect(answered.remainingMs).toBeGreaterThan(0)
  expect(() => silent.assertHeld()).toThrow(expect.objectContaining({ code: 'LEASE_LOST' }))
  expect(new Set(jeopardised)).toEqual(new Set(['silent']))
  await locks.close()
})

it('renews a provisional grant once, even for a lease that is not to renew itself', async () => {
  const { time, memory, backend, sizes } = watchedBackend()
  const tryAcquire: LockBackend['tryAcquire'] = (claim, terms) => memory.tryAcquire(claim, { ...terms, ttlMs: 1000 })
  const locks = createLocks({ ...backend, tryAcquire }, { clock: time.clock, ttlMs: 9000, autoRenew: false })
  const lease = await locks.named('k').acquire()
  await time.pass(900)
  expect(lease.remainingMs).toBeGreaterThan(8000)
  await time.pass(8000)
  expect(sizes).toEqual([1])
  expect(lease.remainingMs).toBeLessThanOrEqual(400)
  await locks.close()
})
