import assert from 'node:assert/strict'
import { assertOver } from '../assertions.ts'
import { caseGroup } from '../case.ts'
import { LONG_MS } from '../trial.ts'

const { cases, add } = caseGroup('renew')

/** What a backend tells by itself: nobody has to renew to learn it. */
export const toldLossCases = cases

add('told-loss', 'a loss that the backend tells by itself ends the lease at once, and once', async (t) => {
  const backend = await t.open()
  const { locks, wire, events } = await t.process({}, backend)
  const lock = locks.named(t.key())
  const lease = await lock.acquire({ ttlMs: LONG_MS, autoRenew: false })
  const [claim] = wire.requests[0]?.claims ?? []
  assert.ok(claim)
  wire.tellLost(t.claim(lease.key))
  lease.assertHeld()
  wire.tellLost(claim)
  wire.tellLost(claim)
  assertOver(lease, 'LEASE_LOST')
  assert.equal(lease.signal.aborted, true)
  assert.deepEqual(
    events.filter(({ type }) => type === 'lost').map((event) => 'reason' in event && event.reason),
    ['gone'],
  )
  // The server was not asked, and here it still holds the key.
  assert.equal(await backend.release(claim), true, 'the release did not end the hold')
  const again = await t.settled(lock.acquire({ waitMs: LONG_MS }))
  again.assertHeld()
})

add('told-loss-of-a-fresh-grant', 'a loss that is told in the turn of its grant is heard', async (t) => {
  const { locks, wire } = await t.process()
  wire.next('tryAcquire', async (send) => {
    const reply = await send()
    // After the answer, and before anybody could have read it.
    queueMicrotask(() => wire.tellLost(wire.requests.at(-1)?.claims[0] ?? t.claim()))
    return reply
  })
  const lease = await t.settled(
    locks
      .named(t.key())
      .tryAcquire()
      .catch(() => null),
  )
  assert.equal(lease?.remainingMs ?? 0, 0, 'the lease is trusted, although its loss was told')
})
