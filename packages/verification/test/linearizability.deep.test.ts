import { searchHistory } from '@leasehold/core/conformance'
import { expect, it } from 'vitest'
import { referenceHistory } from '../src/linearizability/reference-history.ts'
import { judged, wrongWith } from './random-histories.ts'

const HOUR_MS = 3_600_000

it(
  'ten thousand histories that a lock server made are explained',
  () => {
    for (let seed = 1; seed <= 10_000; seed += 1) expect([seed, ...wrongWith(seed)]).toEqual([seed])
  },
  HOUR_MS,
)

it(
  'twenty thousand small histories have the verdict that trying every order gives',
  () => {
    for (let seed = 1; seed <= 20_000; seed += 1) {
      const { search, everyOrder } = judged(seed)
      expect([seed, search]).toEqual([seed, everyOrder])
    }
  },
  HOUR_MS,
)

it(
  'a hundred thousand operations on a hundred keys take a few steps each',
  () => {
    const settings = { keys: 100, clients: 400, length: 250, parts: false, unanswered: 0.02, tellsTtl: false }
    const history = referenceHistory(1, settings)
    expect(history.length).toBeGreaterThan(100_000)
    expect(searchHistory(history, { mostSteps: 4000 })).toEqual({ faults: [], undecided: [] })
  },
  HOUR_MS,
)
