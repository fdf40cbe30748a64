import {
  describeFault,
  drawFault,
  type Fault,
  type LockOperation,
  operationsOf,
  type SearchOptions,
  searchHistory,
} from '@leasehold/core/conformance'
import { describe, expect, it } from 'vitest'
import { badHolds } from '../src/linearizability/bad-holds.ts'
import { badTokens } from '../src/linearizability/bad-tokens.ts'
import { damaged } from '../src/linearizability/damaged.ts'
import { goodHistories } from '../src/linearizability/good-histories.ts'
import { granted, release } from '../src/linearizability/notation.ts'
import { referenceHistory } from '../src/linearizability/reference-history.ts'
import { Prng } from '../src/simulation/prng.ts'
import { judged, settings, wrongWith } from './random-histories.ts'

function faultOf(history: readonly LockOperation[], options?: SearchOptions): Fault {
  const { faults, undecided } = searchHistory(history, options)
  expect(undecided).toEqual([])
  expect(faults).toHaveLength(1)
  return faults[0] as Fault
}

const badHistories = [...badHolds, ...badTokens]

describe('the search finds', () => {
  it.each(badHistories)('$name ($fault)', ({ history, options, fault, window }) => {
    const found = faultOf(history, options)
    expect(found.kind).toBe(fault)
    expect(found.window).toHaveLength(window)
    expect(found.window).toContain(found.refused)
    expect(found.window).toContain(found.beside ?? found.refused)
  })

  it('each of the keys that have a fault, and no other', () => {
    const [bad, good] = [badHistories[0]?.history ?? [], goodHistories[0]?.history ?? []]
    const on = (key: string, history: readonly LockOperation[]) => history.map((each) => ({ ...each, key }))
    const { faults } = searchHistory([...on('a', bad), ...on('b', good), ...on('c', bad)])
    expect(faults.map(({ key }) => key)).toEqual(['a', 'c'])
  })
})

describe('the search explains', () => {
  it.each(goodHistories)('$name', ({ history, options }) => {
    expect(searchHistory(history, options)).toEqual({ faults: [], undecided: [] })
  })

  it('no history at all', () => {
    expect(searchHistory([])).toEqual({ faults: [], undecided: [] })
  })
})

describe('of random histories', () => {
  it('a thousand that a lock server made are explained', () => {
    for (let seed = 1; seed <= 1000; seed += 1) expect([seed, ...wrongWith(seed)]).toEqual([seed])
  })

  it('the small ones have the verdict that trying every order gives, also when they are damaged', () => {
    const verdicts = Array.from({ length: 1000 }, (_, index) => judged(index + 1))
    for (const { seed, search, everyOrder } of verdicts) expect([seed, search]).toEqual([seed, everyOrder])
    const explained = verdicts.filter(({ search }) => search).length
    expect(explained).toBeGreaterThan(200)
    expect(explained).toBeLessThan(800)
  })

  it('the damaged ones have a window that cannot be explained, and is explained without any of its claims', () => {
    const faults = Array.from({ length: 300 }, (_, index) => index + 1).flatMap((seed) => {
      const whole = referenceHistory(seed, { ...settings(seed), keys: 1, length: 12 })
      return searchHistory(damaged(whole, new Prng(seed, 'damage'))).faults
    })
    expect(faults.length).toBeGreaterThan(60)
    for (const fault of faults) expect(tooLarge(fault)).toEqual([])
  })
})

/** What is wrong with a window. Whose refusal nobody explains, it may be for any of those who are shown. */
function tooLarge({ window, kind }: Fault): string[] {
  const holders =
    kind === 'refused-while-free' ? [] : new Set(window.filter(({ type }) => type !== 'clear').map(holderOf))
  const needless = [...holders].filter((holder) => !explained(window.filter((each) => holderOf(each) !== holder)))
  return explained(window) ? ['explained', ...needless] : needless
}

const explained = (history: readonly LockOperation[]) => searchHistory(history).faults.length === 0
const holderOf = (operation: LockOperation) => (operation.type === 'clear' ? '' : operation.holder)

describe('the cost of the search', () => {
  const large = (seed: number) =>
    referenceHistory(seed, { keys: 4, clients: 16, length: 250, parts: false, unanswered: 0.02, tellsTtl: false })

  it('is a few steps an operation, where there is no fault', () => {
    const history = large(1)
    expect(history.length).toBeGreaterThan(3000)
    const mostSteps = 4 * Math.ceil(history.length / 4)
    expect(searchHistory(history, { mostSteps })).toEqual({ faults: [], undecided: [] })
  })

  it('has a limit, beyond which nothing is said', () => {
    const { faults, undecided } = searchHistory(large(1), { mostSteps: 10 })
    expect([faults.length, undecided.length]).toEqual([0, 4])
  })
})

describe('a fault', () => {
  const fault = faultOf([
    granted('p1.1', [0, 2_000_000], 1, { until: 100_000_000 }),
    granted('p2.1', [50_000_000, 51_500_000], 2, { until: 150_000_000 }),
    release('p1.1', [99_000_000, 99_000_001], 'not-held'),
  ])

  it('is told in a sentence, and its window in lines with the times in milliseconds', () => {
    expect(describeFault(fault)).toBe(
      [
        'seat:A1: p2.1 was granted token 2, while p1.1 (token 1) had the key',
        '>                   0 .. 2  p1 p1.1: acquire -> token 1, valid until 100',
        '>               50 .. 51.5  p2 p2.1: acquire -> token 2, valid until 150',
      ].join('\n'),
    )
  })

  it('is drawn: a lane for each process, and the two that cannot both be in red', () => {
    const picture = drawFault(fault)
    expect(picture).toContain('<title>seat:A1: p2.1 was granted token 2, while p1.1 (token 1) had the key</title>')
    expect(picture.match(/font-weight="bold" fill="#222">p[12]</g)).toHaveLength(2)
    expect(picture.match(/<rect [^>]*rx="2" fill="#c4453a"/g)).toHaveLength(2)
  })

  it('is drawn with names that are no markup', () => {
    const named = faultOf([granted('<b>', [0, 1], 1, { until: 100 }), granted('&', [50, 51], 2)])
    expect(drawFault(named)).not.toContain('<b>')
  })
})

describe('events as checkHistory reads them', () => {
  it('are searched as operations', () => {
    const events = [
      { type: 'asked', lease: 'a', at: 0n },
      { type: 'granted', lease: 'a', key: 'k', at: 1n, validUntil: 100n, fencingToken: 1n },
      { type: 'ended', lease: 'a', at: 10n },
      { type: 'asked', lease: 'b', at: 5n },
      { type: 'granted', lease: 'b', key: 'k', at: 11n, validUntil: 50n, fencingToken: 2n },
    ] as const
    expect(searchHistory(operationsOf(events)).faults).toEqual([])
    const longer = [...events, { type: 'renewed', lease: 'b', validUntil: 200n } as const]
    const overlapping = [
      ...longer,
      { type: 'granted', lease: 'c', key: 'k', at: 150n, validUntil: 160n, fencingToken: 3n } as const,
    ]
    expect(searchHistory(operationsOf(overlapping)).faults.map(({ text }) => text)).toEqual([
      'k: c was granted token 3, while b (token 2) had the key',
    ])
  })
})

describe('an operation that was answered', () => {
  it('has a time at which it returned', () => {
    expect(() => searchHistory([granted('a', [0], 1)])).toThrow(TypeError)
  })
})
