import type { Entry } from './ledger.ts'
import { expectedSeconds, type Times } from './remembered-times.ts'

/** Until this much of the plan has been done, nobody knows how fast this machine is. */
const ENOUGH_SECONDS = 10

/** How much slower than remembered everything may seem: what has run so far may be too little to tell. */
const SLOWEST = 6

/** Seconds until all of them have ended, if `atOnce` of them run at a time and all goes as it went so far. */
export function secondsLeft(entries: readonly Entry[], times: Times, atOnce: number): number {
  const expected = ({ piece }: Entry): number => expectedSeconds(times, piece.name)
  const ended = entries.filter(({ seconds }) => seconds !== undefined)
  const took = ended.reduce((sum, { seconds = 0 }) => sum + seconds, 0)
  const planned = ended.reduce((sum, entry) => sum + expected(entry), 0)
  const slowdown = planned < ENOUGH_SECONDS ? 1 : Math.min(Math.max(took / planned, 0.5), SLOWEST)
  const left = entries
    .filter(({ seconds, left }) => seconds === undefined && !left)
    .map((entry) => Math.max(expected(entry) * slowdown - secondsSince(entry.startedAtMs), 1))
  return left.length === 0 ? 0 : Math.max(...left, left.reduce((sum, seconds) => sum + seconds, 0) / atOnce)
}

const secondsSince = (startedAtMs: number | undefined): number =>
  startedAtMs === undefined ? 0 : (performance.now() - startedAtMs) / 1000
