import { describe, expect, it } from 'vitest'
import { grantedSince, type Instant } from '../src/index.ts'

const GRANT = { granted: true, ttlMs: 1500, fencingToken: 1n } as const
const at = (monotonicMs: number, wallMs = monotonicMs): Instant => ({ monotonicMs, wallMs })
const ANCHOR = { sentAt: at(1000), serverMs: 700_000 }

describe('a grant that is told', () => {
  it('counts from when the server made it, and not from when it was heard', () => {
    const { since } = grantedSince(GRANT, 700_100, ANCHOR, at(1300)) ?? {}
    expect(since?.monotonicMs).toBeLessThan(1100)
    expect(since?.monotonicMs).toBeGreaterThan(1090)
  })

  it.each([
    ['after', 60_000],
    ['before', -500],
  ])('counts from no later, where a clock is faster by a hundredth and was read long %s', (_, realMs) => {
    const [now, long] = [at(1000 + realMs + 10), { ...GRANT, ttlMs: 60_000 }]
    for (const rate of [0.99, 1, 1.01]) {
      const granted = grantedSince(long, ANCHOR.serverMs + realMs * rate, ANCHOR, now)
      expect(granted?.since?.monotonicMs).toBeLessThan(1000 + realMs)
    }
  })

  it('does not begin in the future', () => {
    expect(grantedSince(GRANT, 700_900, ANCHOR, at(1010))?.since).toEqual(at(1010))
  })

  it('is of no use where half of its time may be over, by either clock, or where the server’s clock was read too long ago to say', () => {
    expect(grantedSince(GRANT, 700_000, ANCHOR, at(1740))).toMatchObject(GRANT)
    expect(grantedSince(GRANT, 700_000, ANCHOR, at(1760))).toBeUndefined()
    expect(grantedSince(GRANT, 700_000, ANCHOR, at(1010, 1760))).toBeUndefined()
    expect(grantedSince(GRANT, 800_000, ANCHOR, at(101_000))).toBeUndefined()
  })
})
