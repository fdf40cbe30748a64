import type { Lease } from '../api.ts'
import type { Trial } from './trial.ts'

/** Whatever became of the lease: where the key went to somebody else, the holder learns it at once. */
export async function assertTruthful(t: Trial, lease: Lease): Promise<void> {
  const rival = await t.open()
  const claim = t.claim(lease.key)
  const endMs = t.nowMs() + t.ttlMs * 3
  while (t.nowMs() < endMs) {
    const answer = await rival.tryAcquire(claim, t.terms()).catch(() => undefined)
    if (answer?.granted) return t.until(() => lease.remainingMs === 0, 'the holder learns of its loss', t.soonMs / 2)
    await t.pass(t.ttlMs / 20)
  }
}
