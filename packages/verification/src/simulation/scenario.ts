import type { Conditions } from './link.ts'
import { Prng, type Range } from './prng.ts'
import type { DriverStyle } from './remote-backend.ts'

export type FaultKind =
  | 'stop'
  | 'suspend'
  | 'kill'
  | 'restart'
  | 'set-wall'
  | 'cut-requests'
  | 'cut-replies'
  | 'cut-both'
  | 'server-stop'
  | 'server-loss'

/** Everything about a run that is decided before it begins. */
export interface Scenario {
  /** Nothing goes wrong, and every lease is renewed: then none may be lost (L5). */
  readonly calm: boolean
  readonly processes: number
  readonly actorsPerProcess: number
  readonly keys: readonly [string, ...string[]]
  /** Some want but a part of a key: to read, or permits of it. */
  readonly parts: boolean
  readonly ttlsMs: readonly [number, ...number[]]
  readonly requestTimeoutMs: number
  readonly pollMs: number
  readonly chaosMs: number
  readonly style: DriverStyle
  /** Of the links to the lock server, and of those to the fenced resource. */
  readonly conditions: Conditions
  readonly resourceConditions: Conditions
  readonly faults: readonly FaultKind[]
  readonly faultIntervalMs: number
  /** Clocks run faster or slower by up to this fraction. */
  readonly drift: number
}

/** Two clocks that differ by this much each are just within the default margin of 1% of the TTL. */
export const MAX_DRIFT = 0.005

export const HEALTHY: Conditions = {
  latencyMs: [0.2, 2],
  slowChance: 0,
  slowMs: [0, 0],
  lossChance: 0,
  resetChance: 0,
  duplicateChance: 0,
  ordered: true,
}

const FAULTS: readonly FaultKind[] = [
  'stop',
  'suspend',
  'kill',
  'restart',
  'set-wall',
  'cut-requests',
  'cut-replies',
  'cut-both',
  'server-stop',
  'server-loss',
]

/** Each fault is there or not by the toss of a coin: runs with few kinds of faults find what runs with all of them drown. */
export function planScenario(seed: number): Scenario {
  const prng = new Prng(seed, 'scenario')
  const ttlsMs: readonly [number, number] = [prng.pick([60, 120, 250]), prng.pick([250, 500, 1000])]
  const calm = prng.chance(0.1)
  return {
    calm,
    ttlsMs,
    parts: prng.chance(0.4),
    ...population(prng),
    requestTimeoutMs: prng.pick([40, 100, 300]),
    pollMs: prng.pick([50, 200, 1000]),
    chaosMs: prng.between([1200, 3000]),
    style: { waitBringsGrant: prng.chance(0.7), abortAwaitsServer: prng.chance(0.5) },
    conditions: calm ? HEALTHY : conditions(prng, ttlsMs[0]),
    resourceConditions: calm ? HEALTHY : { ...conditions(prng, ttlsMs[1]), duplicateChance: 0 },
    faults: calm ? [] : FAULTS.filter(() => prng.chance(0.35)),
    faultIntervalMs: prng.pick([100, 250, 600]),
    drift: prng.pick([0, MAX_DRIFT, MAX_DRIFT]),
  }
}

function population(prng: Prng): Pick<Scenario, 'processes' | 'actorsPerProcess' | 'keys'> {
  return {
    processes: prng.integer(2, 5),
    actorsPerProcess: prng.integer(1, 3),
    keys: prng.pick([['k1'], ['k1'], ['k1', 'k2'], ['k1', 'k2', 'k3']]),
  }
}

function conditions(prng: Prng, ttlMs: number): Conditions {
  const sometimes = (chance: number, range: Range) => (prng.chance(chance) ? prng.between(range) : 0)
  return {
    latencyMs: prng.pick([
      [0.1, 1],
      [0.2, 5],
      [2, ttlMs / 4],
    ]),
    slowChance: sometimes(0.5, [0.01, 0.15]),
    slowMs: [ttlMs / 4, ttlMs * 2],
    lossChance: sometimes(0.4, [0.01, 0.2]),
    resetChance: prng.pick([0, 0.5, 1]),
    duplicateChance: sometimes(0.3, [0.01, 0.2]),
    ordered: prng.chance(0.3),
  }
}
