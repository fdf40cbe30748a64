import { asked, contended, granted, permits, reader, release, renewal, renewed } from './notation.ts'
import type { BadSpecimen } from './specimen.ts'

/** Holds that no lock server can have had. */
export const badHolds: readonly BadSpecimen[] = [
  {
    name: 'a second holder while the first relies on its lease',
    fault: 'two-holders',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), granted('b', [50, 51], 2, { until: 150 })],
  },
  {
    name: 'a second holder before the renewed lease of the first is over',
    fault: 'two-holders',
    window: 3,
    history: [
      granted('a', [0, 1], 1, { until: 100 }),
      renewed('a', [60, 61], 1, { until: 160 }),
      granted('b', [120, 121], 2),
    ],
  },
  {
    name: 'a second holder, though the release of the first was sent only later',
    fault: 'two-holders',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), granted('b', [50, 51], 2), release('a', [52], 'unknown')],
  },
  {
    name: 'a writer beside a reader',
    fault: 'two-holders',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100, share: reader }), granted('b', [2, 3], 2)],
  },
  {
    name: 'a reader beside a writer',
    fault: 'two-holders',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), granted('b', [2, 3], 2, { share: reader })],
  },
  {
    name: 'a writer while the second of two readers reads, of whom the first has let go',
    fault: 'two-holders',
    window: 2,
    history: [
      granted('a', [0, 1], 1, { until: 100, share: reader }),
      granted('b', [0, 1], 2, { until: 100, share: reader }),
      release('a', [2, 3]),
      granted('c', [4, 5], 3),
    ],
  },
  {
    name: 'one slot for two',
    fault: 'two-holders',
    window: 2,
    history: [
      granted('a', [0, 1], 1, { until: 100, share: permits(1, 2), slots: [0] }),
      granted('b', [2, 3], 2, { until: 100, share: permits(1, 2), slots: [0] }),
    ],
  },
  {
    name: 'a permit beside a reader',
    fault: 'two-holders',
    window: 2,
    history: [
      granted('a', [0, 1], 1, { until: 100, share: reader }),
      granted('b', [2, 3], 2, { share: permits(1, 2), slots: [0] }),
    ],
  },
  {
    name: 'the release of a stale holder freed the key of the next',
    fault: 'released-without-hold',
    window: 3,
    history: [
      granted('a', [0, 1], 1, { until: 10 }),
      granted('b', [20, 21], 2, { until: 120 }),
      release('a', [30, 31], 'released'),
      granted('c', [40, 41], 3),
    ],
  },
  {
    name: 'a release that ended what nobody had',
    fault: 'released-without-hold',
    window: 1,
    history: [release('a', [0, 1], 'released')],
  },
  {
    name: 'a hold that two releases ended',
    fault: 'released-without-hold',
    window: 3,
    history: [granted('a', [0, 1], 1), release('a', [2, 3]), release('a', [4, 5])],
  },
  {
    name: 'a release that did not end the hold of its claim',
    fault: 'not-held-while-held',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), release('a', [2, 3], 'not-held')],
  },
  {
    name: 'a renewal that revived a hold after another had had the key',
    fault: 'renewed-without-hold',
    window: 3,
    history: [
      granted('a', [0, 1], 1, { until: 10 }),
      granted('b', [20, 21], 2, { until: 25 }),
      renewed('a', [30, 31], 1),
    ],
  },
  {
    name: 'a renewal after the release',
    fault: 'renewed-without-hold',
    window: 3,
    history: [granted('a', [0, 1], 1), release('a', [2, 3]), renewed('a', [4, 5], 1)],
  },
  {
    name: 'a renewal of a claim that never acquired',
    fault: 'renewed-without-hold',
    window: 1,
    history: [granted('a', [0, 1], 1), renewed('b', [4, 5], 1)],
  },
  {
    name: 'a renewal long after the hold must have expired',
    fault: 'renewed-without-hold',
    window: 2,
    options: { slack: 10n },
    history: [granted('a', [0, 1], 1, { ttl: 100 }), renewed('a', [112, 113], 1)],
  },
  {
    name: 'a holder that is told it is gone, and is not',
    fault: 'gone-while-held',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), renewal('a', [50, 51], 'gone')],
  },
  {
    name: 'a refusal, and nobody has the key',
    fault: 'refused-while-free',
    window: 1,
    history: [granted('a', [0, 1], 1), release('a', [2, 3]), contended('b', [4, 5])],
  },
  {
    name: 'a refusal long after the silent holder must have been let go',
    fault: 'refused-while-free',
    window: 2,
    options: { slack: 10n },
    history: [granted('a', [0, 1], 1, { ttl: 100 }), contended('b', [112, 113])],
  },
  {
    name: 'refusals for longer than a grant that nobody heard of can explain',
    fault: 'refused-while-free',
    window: 3,
    options: { slack: 10n },
    history: [asked('a', [0], { ttl: 100 }), contended('b', [50, 51]), contended('b', [162, 163])],
  },
  {
    name: 'a reader who is refused beside readers',
    fault: 'refused-while-free',
    window: 2,
    history: [granted('a', [0, 1], 1, { share: reader }), contended('b', [2, 3], { share: reader })],
  },
  {
    name: 'a refusal though a permit is free',
    fault: 'refused-while-free',
    window: 2,
    history: [
      granted('a', [0, 1], 1, { share: permits(1, 2), slots: [0] }),
      contended('b', [2, 3], { share: permits(1, 2) }),
    ],
  },
  {
    name: 'a holder who is refused what it has',
    fault: 'refused-while-free',
    window: 2,
    history: [granted('a', [0, 1], 1, { until: 100 }), contended('a', [2, 3])],
  },
  {
    name: 'a fault at the end of a long history',
    fault: 'two-holders',
    window: 2,
    history: [
      ...Array.from({ length: 40 }, (_, turn) => [
        granted(`p${turn % 3}.${turn}`, [turn * 10, turn * 10 + 2], turn + 1, { until: turn * 10 + 500 }),
        contended(`p${(turn + 1) % 3}.x${turn}`, [turn * 10 + 3, turn * 10 + 5]),
        release(`p${turn % 3}.${turn}`, [turn * 10 + 6, turn * 10 + 8]),
      ]).flat(),
      granted('p0.last', [400, 402], 41, { until: 900 }),
      granted('p1.last', [405, 407], 42, { until: 900 }),
    ],
  },
]
