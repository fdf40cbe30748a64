import { type Locks, semaphore, shared } from '@leasehold/core'
import type { Effort } from './effort.ts'
import { type Compared, compared } from './statistics.ts'
import type { Rival } from './subject.ts'

const CALLERS = 64
const PERMITS = 8

/** The same for all: how long what is taken lasts without being renewed. */
export const TTL_MS = 10_000

type Cycle = () => Promise<unknown>

interface Turns {
  readonly perSecond: number
  /** Of the last caller alone. */
  readonly lastPerSecond: number
  readonly longestMs: number
}

type Side = 'ours' | 'limit'

/** Who take parts of one key, and give them back at once, beside somebody else's semaphore. */
export interface Parts {
  readonly readers: Compared
  readonly readersAndWriter: Compared
  /** The writer's turns alone: nobody serves him by keeping him out. */
  readonly writer: Compared
  readonly permits: Compared
  /** From asking to having given back, of who waited longest. */
  readonly longest: Compared
  /** Two of the eight each. */
  readonly pairs: Compared
}

/** Both sides take turns, as where nobody shares. A semaphore knows no readers: to it they are who take one permit of as many as there are callers, and a writer takes all. */
export async function parts(locks: Locks, rival: Rival, { rounds, partsMs }: Effort): Promise<Parts> {
  const ours = (take: number, of: number) => {
    const taking = semaphore(locks, 'permits', of, { ttlMs: TTL_MS })
    return async () => (await taking.acquire({ permits: take })).release()
  }
  const reading = shared(locks, 'read', { ttlMs: TTL_MS })
  const reader = async () => (await reading.acquire()).release()
  const writer = async () => (await locks.named('read').acquire({ ttlMs: TTL_MS })).release()
  const theirs = (key: string, take: number, of: number) => () => rival.cycle(key, take, of)
  const theirReader = theirs('read', 1, CALLERS)
  const both = async (mine: readonly Cycle[], other: readonly Cycle[]) => {
    const all: Record<Side, Turns>[] = []
    // The first round is for what is compiled at its first uses.
    for (let round = -1; round < rounds; round += 1) {
      const turns = { ours: await crowd(mine, partsMs), limit: await crowd(other, partsMs) }
      if (round >= 0) all.push(turns)
    }
    return (figure: keyof Turns) =>
      compared(all.map((turns) => ({ ours: turns.ours[figure], limit: turns.limit[figure] })))
  }
  const readers = await both(alike(reader), alike(theirReader))
  const mixed = await both(
    [...alike(reader, CALLERS - 1), writer],
    [...alike(theirReader, CALLERS - 1), theirs('read', CALLERS, CALLERS)],
  )
  const permits = await both(alike(ours(1, PERMITS)), alike(theirs('permits', 1, PERMITS)))
  const pairs = await both(alike(ours(2, PERMITS)), alike(theirs('pairs', 2, PERMITS)))
  return {
    readers: readers('perSecond'),
    readersAndWriter: mixed('perSecond'),
    writer: mixed('lastPerSecond'),
    permits: permits('perSecond'),
    longest: permits('longestMs'),
    pairs: pairs('perSecond'),
  }
}

const alike = (cycle: Cycle, callers = CALLERS): Cycle[] => Array.from({ length: callers }, () => cycle)

/** Each goes on until the time is over, and ends what it has begun. */
async function crowd(cycles: readonly Cycle[], forMs: number): Promise<Turns> {
  const startedMs = performance.now()
  const turns: number[] = []
  let longestMs = 0
  const work = async (cycle: Cycle) => {
    let done = 0
    for (let askedMs = startedMs; askedMs - startedMs < forMs; done += 1) {
      await cycle()
      const endedMs = performance.now()
      longestMs = Math.max(longestMs, endedMs - askedMs)
      askedMs = endedMs
    }
    return done
  }
  turns.push(...(await Promise.all(cycles.map(work))))
  const seconds = (performance.now() - startedMs) / 1000
  const sum = turns.reduce((one, other) => one + other, 0)
  return { perSecond: sum / seconds, lastPerSecond: (turns.at(-1) ?? 0) / seconds, longestMs }
}
