import type { Conditions } from '../link.ts'
import { Prng } from '../prng.ts'
import { HEALTHY, MAX_DRIFT } from '../scenario.ts'

export type QuorumFault = 'stop' | 'kill' | 'cut' | 'node-stop' | 'node-loss'

/** Everything about a run that is decided before it begins. */
export interface QuorumScenario {
  /** Messages are slow, and everything arrives, in order: then nothing may be left at any node, however long its TTL. */
  readonly lossless: boolean
  readonly nodes: number
  readonly processes: number
  readonly keys: readonly [string, ...string[]]
  /** There are readers, too, who share keys. */
  readonly readers: boolean
  readonly ttlsMs: readonly [number, ...number[]]
  readonly nodeTimeoutMs: number
  readonly replyTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly chaosMs: number
  /** Of the links; each process has its own latency. */
  readonly conditions: Conditions
  readonly faults: readonly QuorumFault[]
  readonly faultIntervalMs: number
  /** The nodes' clocks differ by up to this much. */
  readonly skewMs: number
  readonly drift: number
}

const FAULTS: readonly QuorumFault[] = ['stop', 'kill', 'cut', 'node-stop', 'node-loss']

export function planQuorum(seed: number): QuorumScenario {
  const prng = new Prng(seed, 'quorum')
  const lossless = prng.chance(0.25)
  const ttlsMs: readonly [number, ...number[]] = lossless ? [20_000] : [prng.pick([100, 200]), prng.pick([300, 500])]
  return {
    lossless,
    nodes: prng.pick([3, 3, 4, 5]),
    processes: prng.integer(2, 4),
    keys: prng.pick([['k1'], ['k1'], ['k1', 'k2']]),
    // Of its own, so that the runs without are what they were.
    readers: new Prng(seed, 'readers').chance(0.4),
    ttlsMs,
    nodeTimeoutMs: prng.pick([60, 150]),
    replyTimeoutMs: lossless ? 5000 : 400,
    requestTimeoutMs: lossless ? 5000 : prng.pick([100, 300, 1000]),
    chaosMs: prng.between([1000, 2000]),
    conditions: {
      ...HEALTHY,
      slowChance: prng.chance(0.7) ? prng.between([0.02, 0.15]) : 0,
      slowMs: lossless ? [50, 400] : [ttlsMs[0] / 4, ttlsMs[0] * 2],
      lossChance: !lossless && prng.chance(0.4) ? prng.between([0.01, 0.15]) : 0,
      resetChance: prng.pick([0, 0.5, 1]),
      ordered: lossless || prng.chance(0.5),
    },
    faults: lossless ? [] : FAULTS.filter(() => prng.chance(0.5)),
    faultIntervalMs: prng.pick([80, 200, 500]),
    skewMs: prng.pick([0, 5, 10_000]),
    drift: prng.pick([0, MAX_DRIFT]),
  }
}
