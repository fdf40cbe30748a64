import { asked, cleared, contended, granted, permits, reader, release, renewal, renewed } from './notation.ts'
import type { Specimen } from './specimen.ts'

/** Histories that look wrong and are not, and why. */
export const goodHistories: readonly Specimen[] = [
  {
    name: 'a release that was sent, and had no answer, took effect',
    history: [granted('a', [0, 1], 1, { until: 100 }), release('a', [10], 'unknown'), granted('b', [20, 21], 2)],
  },
  {
    name: 'a grant at the very end of the lease before',
    history: [granted('a', [0, 1], 1, { until: 100 }), granted('b', [99, 100], 2)],
  },
  {
    name: 'a refusal by the grant of an attempt that nobody heard of',
    history: [asked('a', [0]), contended('b', [500, 501])],
  },
  {
    name: 'an attempt without an answer that took effect long after it was sent',
    history: [
      asked('a', [0]),
      granted('b', [10, 11], 1, { until: 100 }),
      release('b', [20, 21]),
      contended('c', [30, 31]),
      release('a', [40, 41], 'released'),
    ],
  },
  {
    name: 'the later token was answered first',
    history: [
      granted('a', [0, 50], 1),
      release('b', [22, 30]),
      granted('b', [0, 10], 2),
      release('a', [51, 52], 'not-held'),
    ],
  },
  {
    name: 'two readers at once, whose tokens were answered in another order',
    history: [
      granted('a', [0, 10], 2, { until: 100, share: reader }),
      granted('b', [0, 9], 1, { until: 100, share: reader }),
    ],
  },
  {
    name: 'a reader whose time was over, and who was granted anew by an attempt that nobody heard of',
    history: [
      granted('a', [0, 1], 1, { until: 5, share: reader }),
      asked('a', [6], { share: reader }),
      granted('b', [20, 21], 3, { until: 100, share: reader }),
      granted('a', [30, 31], 2, { until: 100, share: reader }),
    ],
  },
  {
    name: 'permits of other slots have an order of their own',
    history: [
      granted('a', [0, 1], 5, { until: 100, share: permits(1, 2), slots: [0] }),
      granted('b', [2, 3], 4, { until: 100, share: permits(1, 2), slots: [1] }),
    ],
  },
  {
    name: 'a renewal with a token that was reserved',
    history: [
      granted('a', [0, 1], 1, { reserved: 7 }),
      renewed('a', [2, 3], 4),
      granted('a', [4, 5], 4),
      release('a', [6, 7]),
      granted('b', [8, 9], 9),
    ],
  },
  {
    name: 'a late renewal of a hold that nobody has taken over',
    history: [granted('a', [0, 1], 1, { until: 10 }), renewed('a', [500, 501], 1)],
  },
  {
    name: 'a claim that lost the key and acquires it again',
    history: [
      granted('a', [0, 1], 1, { until: 10 }),
      granted('b', [20, 21], 2, { until: 30 }),
      granted('a', [40, 41], 3),
    ],
  },
  {
    name: 'a refusal for the sake of somebody who stands in line',
    history: [
      granted('a', [0, 1], 1),
      granted('b', [2, 30], 2, { waits: true }),
      release('a', [3, 4]),
      contended('c', [5, 6]),
    ],
  },
  {
    name: 'a refusal by a server that may refuse',
    options: { mayRefuse: true },
    history: [contended('a', [0, 1])],
  },
  {
    name: 'two leases that overlap by less than two clocks may differ',
    options: { clockError: 5n },
    history: [granted('a', [0, 1], 1, { until: 100 }), granted('b', [90, 91], 2)],
  },
  {
    name: 'a grant after an operator has ended all holds',
    history: [
      granted('a', [0, 1], 1, { until: 100 }),
      cleared([10, 11]),
      granted('b', [12, 13], 2),
      renewal('a', [14, 15], 'gone'),
    ],
  },
  {
    name: 'a grant after a server that may have lost its memory',
    history: [granted('a', [0, 1], 1, { until: 100 }), cleared([10]), granted('b', [12, 13], 2)],
  },
  {
    name: 'a refusal within the slack after the TTL',
    options: { slack: 10n },
    history: [granted('a', [0, 1], 1, { ttl: 100 }), contended('b', [111, 112])],
  },
  {
    name: 'a renewal without an answer that kept the key',
    options: { slack: 10n },
    history: [
      granted('a', [0, 1], 1, { ttl: 100 }),
      renewal('a', [90], 'unknown', { ttl: 100 }),
      contended('b', [150, 151]),
    ],
  },
]
