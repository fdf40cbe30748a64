import { asked, granted, permits, release, renewal, renewed } from './notation.ts'
import type { BadSpecimen } from './specimen.ts'

/** Tokens and slots that no lock server can have granted. */
export const badTokens: readonly BadSpecimen[] = [
  {
    name: 'a token that was granted before',
    fault: 'token-not-greater',
    window: 3,
    history: [granted('a', [0, 1], 1), release('a', [2, 3]), granted('b', [4, 5], 1)],
  },
  {
    name: 'a token that goes back after an expiry',
    fault: 'token-not-greater',
    window: 2,
    history: [granted('a', [0, 1], 7, { until: 10 }), granted('b', [20, 21], 6)],
  },
  {
    name: 'a token that was reserved for another',
    fault: 'token-not-greater',
    window: 3,
    history: [granted('a', [0, 1], 1, { reserved: 7 }), release('a', [2, 3]), granted('b', [4, 5], 8)],
  },
  {
    name: 'a token that goes back in its slot',
    fault: 'token-not-greater',
    window: 3,
    history: [
      granted('a', [0, 1], 5, { share: permits(1, 2), slots: [0] }),
      release('a', [2, 3]),
      granted('b', [4, 5], 4, { share: permits(1, 2), slots: [0] }),
    ],
  },
  {
    name: 'no room for the token of somebody who must have had the key between two grants',
    fault: 'token-not-greater',
    window: 5,
    history: [
      granted('a', [0, 1], 1),
      release('a', [2, 3]),
      asked('b', [4]),
      renewal('b', [5, 6], 'unknown'),
      release('b', [7, 8], 'released'),
      granted('c', [9, 10], 2),
    ],
  },
  {
    name: 'a repeated attempt with another token',
    fault: 'token-changed',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), granted('a', [2, 3], 2)],
  },
  {
    name: 'a renewal with another token',
    fault: 'token-changed',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), renewed('a', [2, 3], 2)],
  },
  {
    name: 'a renewal with a token beyond those that were reserved',
    fault: 'token-changed',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100, reserved: 3 }), renewed('a', [2, 3], 5)],
  },
  {
    name: 'a token that a renewal takes back',
    fault: 'token-changed',
    window: 3,
    history: [
      granted('a', [0, 1], 1, { until: 100, reserved: 3 }),
      renewed('a', [2, 3], 3, { ttl: 100 }),
      renewed('a', [4, 5], 2, { ttl: 100 }),
    ],
  },
  {
    name: 'slots that there are not',
    fault: 'wrong-slots',
    window: 1,
    history: [granted('a', [0, 1], 1, { share: permits(1, 2), slots: [2] })],
  },
  {
    name: 'fewer slots than were asked for',
    fault: 'wrong-slots',
    window: 1,
    history: [granted('a', [0, 1], 1, { share: permits(2, 3), slots: [0] })],
  },
  {
    name: 'one slot twice',
    fault: 'wrong-slots',
    window: 1,
    history: [granted('a', [0, 1], 1, { share: permits(2, 3), slots: [0, 0] })],
  },
]
