import { describe, expect, it } from 'vitest'
import { HoldModel, type ModelHold, type ServerFact } from '../src/simulation/hold-model.ts'
import { type Part, WHOLE } from '../src/simulation/part.ts'

const granted = (holder: string, token: bigint, ttlMs = 100, lastToken = token, part = WHOLE): ServerFact => ({
  type: 'granted',
  key: 'k',
  holder,
  token,
  lastToken,
  ttlMs,
  part,
})
const renewed = (holder: string, token: bigint, ttlMs = 100): ServerFact => ({
  type: 'renewed',
  key: 'k',
  holder,
  token,
  ttlMs,
})
const released = (holder: string, endedHold: boolean): ServerFact => ({ type: 'released', key: 'k', holder, endedHold })
const gone = (holder: string): ServerFact => ({ type: 'gone', key: 'k', holder })

/** The rules that a history breaks: what the server answered, and when by its own clock. */
function rulesBrokenBy(...history: readonly (readonly [atMs: number, fact: ServerFact])[]): string[] {
  const rules: string[] = []
  const model = new HoldModel((rule) => rules.push(rule), {
    granted() {},
    renewedTooLate() {},
    released() {},
    heldUntil() {},
  })
  for (const [atMs, fact] of history) model.apply(fact, atMs)
  return rules
}

describe('parts of a key', () => {
  const reader: Part = { kind: 'shared', slots: [] }
  const permits = (...slots: number[]): Part => ({ kind: 'permits', slots })
  const grant = (holder: string, token: bigint, part: Part) => granted(holder, token, 100, token, part)

  it('are had by several at once, who end, renew and expire each by itself', () => {
    expect(
      rulesBrokenBy(
        [0, grant('a', 1n, reader)],
        [10, grant('b', 2n, reader)],
        [20, released('a', true)],
        [50, renewed('b', 2n)],
        [60, gone('a')],
        [151, grant('c', 3n, permits(0, 2))],
        [152, grant('d', 4n, permits(1))],
      ),
    ).toEqual([])
  })

  it.each([
    ['a writer beside a reader', reader, WHOLE],
    ['a reader beside a writer', WHOLE, reader],
    ['permits beside a reader', reader, permits(0)],
    ['a slot for two', permits(0, 1), permits(1)],
  ])('are not given to %s', (_, one, other) => {
    expect(rulesBrokenBy([0, grant('a', 1n, one)], [10, grant('b', 2n, other)])).toEqual(['S1'])
  })

  it('have tokens of one order', () => {
    expect(rulesBrokenBy([0, grant('a', 2n, reader)], [10, grant('b', 1n, reader)])).toEqual(['S4'])
  })
})

describe('the model of the lock server', () => {
  it('accepts grants after a release and after expiry, repeated grants, renewals and stale releases', () => {
    expect(
      rulesBrokenBy(
        [0, granted('a', 1n)],
        [10, granted('a', 1n, 90)],
        [50, renewed('a', 1n)],
        [60, released('b', false)],
        [70, released('a', true)],
        [70, granted('b', 2n)],
        [170, granted('c', 3n)],
        [180, gone('b')],
        [180, released('b', false)],
      ),
    ).toEqual([])
  })

  it('sees a grant while another claim holds the key', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [99, granted('b', 2n)])).toEqual(['S1'])
  })

  it('sees a grant before a renewed hold has expired', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [50, renewed('a', 1n)], [120, granted('b', 2n)])).toEqual(['S1'])
  })

  it('sees a renewal that shortens the hold', () => {
    expect(rulesBrokenBy([0, granted('a', 1n, 100)], [10, renewed('a', 1n, 20)], [50, granted('b', 2n)])).toEqual([
      'S1',
    ])
  })

  it('sees a repeated grant that promises more than remains', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [60, granted('a', 1n, 100)])).toEqual(['S1'])
  })

  it('sees tokens that repeat or go back', () => {
    expect(rulesBrokenBy([0, granted('a', 2n)], [200, granted('b', 2n)], [400, granted('c', 1n)])).toEqual(['S4', 'S4'])
  })

  it('sees a token that changes in a repeated grant or in a renewal', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [10, granted('a', 2n, 90)], [20, renewed('a', 3n)])).toEqual([
      'S4',
      'S4',
    ])
  })

  it('knows the tokens that a grant has reserved, and no other', () => {
    const reserving = granted('a', 1n, 100, 8n)
    expect(rulesBrokenBy([0, reserving], [10, renewed('a', 3n)], [20, renewed('a', 8n)])).toEqual([])
    expect(rulesBrokenBy([0, reserving], [10, renewed('a', 9n)])).toEqual(['S4'])
    expect(rulesBrokenBy([0, reserving], [10, renewed('a', 3n)], [20, renewed('a', 2n)])).toEqual(['S4'])
    expect(rulesBrokenBy([0, reserving], [200, granted('b', 8n)])).toEqual(['S4'])
  })

  it('sees a release by another that ends the hold', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [10, released('b', true)])).toEqual(['S5'])
  })

  it('sees a release by the holder that does not', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [10, released('a', false)])).toEqual(['S5'])
  })

  it('sees a renewal that revives what has expired, was released, or belongs to another', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [101, renewed('a', 1n)])).toEqual(['S5'])
    expect(rulesBrokenBy([0, granted('a', 1n)], [10, released('a', true)], [11, renewed('a', 1n)])).toEqual(['S5'])
    expect(rulesBrokenBy([0, granted('a', 1n)], [10, renewed('b', 1n)])).toEqual(['S5'])
  })

  it('sees a claim called gone that holds the key', () => {
    expect(rulesBrokenBy([0, granted('a', 1n)], [10, gone('a')])).toEqual(['S5'])
  })

  it('expects tokens to increase although the server has forgotten its holds', () => {
    const rules: string[] = []
    const holds: ModelHold[] = []
    const model = new HoldModel((rule) => rules.push(rule), {
      granted: (hold) => holds.push(hold),
      renewedTooLate() {},
      released() {},
      heldUntil() {},
    })
    model.apply(granted('a', 5n), 0)
    model.forgetHolds()
    model.apply(granted('b', 6n), 10)
    model.forgetHolds()
    model.apply(granted('c', 6n), 20)
    expect(rules).toEqual(['S4'])
    expect(holds.map(({ token }) => token)).toEqual([5n, 6n, 6n])
  })
})
