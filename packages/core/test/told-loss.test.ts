import { expect, it } from 'vitest'
import { type Claim, createLocks, type LockBackend, type LockEvent } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

/** Answers with a grant, and in the same turn of the event loop learns that the session is over: one chunk of a socket brings both. */
function losesWhatItGrants(times: number) {
  const store = new MemoryStore()
  const memory = memoryBackend({ store })
  let tell: (claim: Claim) => void = () => {}
  let left = times
  const tryAcquire: LockBackend['tryAcquire'] = (claim, terms) =>
    new Promise((resolve) =>
      setImmediate(() => {
        const answer = store.tryAcquire(claim, terms)
        resolve(answer)
        if (!answer.granted || left === 0) return
        left -= 1
        store.release(claim)
        tell(claim)
      }),
    )
  const attach: LockBackend['attach'] = (core) => {
    tell = core.lost
  }
  const { name, renew, release } = memory
  const capabilities = { ...memory.capabilities, tellsLosses: true }
  const backend: LockBackend = { name, capabilities, renew, release, tryAcquire, attach }
  return { store, backend }
}

it('a loss that is told in the turn of its grant is heard: one attempt finds no lease', async () => {
  const { store, backend } = losesWhatItGrants(1)
  await using locks = createLocks(backend)
  await expect(locks.named('k').tryAcquire({ autoRenew: false })).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  await using there = createLocks(memoryBackend({ store }))
  expect((await there.named('k').tryAcquire())?.remainingMs).toBeGreaterThan(0)
})

it('a loss that is told in the turn of its grant is heard: who waits asks again, under another claim', async () => {
  const events: string[] = []
  const { backend } = losesWhatItGrants(1)
  const onEvent = (event: LockEvent) => void events.push(event.type)
  await using locks = createLocks(backend, { onEvent })
  const lease = await locks.named('k').acquire({ autoRenew: false })
  expect(lease.fencingToken).toBe(2n)
  expect(lease.remainingMs).toBeGreaterThan(0)
  expect(events).toEqual(['acquired'])
})
