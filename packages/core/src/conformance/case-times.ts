import type { Capabilities } from '../contract.ts'
import type { ConformanceTarget } from './target.ts'
import { realTime } from './time.ts'

/** What cases take their times from, in milliseconds. */
export interface CaseTimes {
  /** A TTL short enough to be waited for. */
  readonly ttlMs: number
  /** How long a condition may take to come true. */
  readonly patienceMs: number
  /** How long it may take where no server has to be found again, and nothing has to run out. */
  readonly soonMs: number
  /** How much later than the bound a look at a condition may come, where other work keeps this process busy. */
  readonly graceMs: number
  /** The time limit of a request that is to fail. */
  readonly briefMs: number
  /** What is waited for in vain, or between two polls. */
  readonly pollMs: number
  /** How late a timer or an answer may be. */
  readonly toleratedMs: number
  /** Within this a message reaches the server: for what the contract offers nothing that could be awaited. */
  readonly arrivalMs: number
}

/** A wait may bring a grant of one second, which is to be confirmed meanwhile: no machine is given more time for that. */
const PROVISIONAL_MS = 1_000

/** The times on a machine that keeps up. A slower one is given more, here and nowhere else. */
export function caseTimes(target: ConformanceTarget, { minTtlMs }: Capabilities, seen: number): CaseTimes {
  const slowdown = target.time === undefined ? seen : 1
  const { arrivalMs } = target.time ?? realTime
  const ttlMs = ttlFor(target.ttlMs ?? 400, minTtlMs, slowdown)
  return {
    ttlMs,
    patienceMs: 10_000 * slowdown,
    soonMs: 2_000 * slowdown,
    graceMs: 100 * slowdown,
    briefMs: 250 * slowdown,
    pollMs: 100 * slowdown,
    toleratedMs: Math.min(ttlMs, PROVISIONAL_MS) / 4,
    arrivalMs: arrivalMs * slowdown,
  }
}

/** A server that counts in its smallest TTL grants exactly this; halves and fifths of it are whole numbers, too. */
function ttlFor(writtenMs: number, minTtlMs: number, slowdown: number): number {
  const leastMs = Math.max(writtenMs, Math.ceil(minTtlMs / 20) * 20)
  return leastMs * Math.max(1, Math.round((writtenMs * slowdown) / leastMs))
}
