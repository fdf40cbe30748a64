import { askRedis, type Server, until } from '@leasehold/test-services'
import { expect } from 'vitest'
import { type CrowdTurn, inCommon, start, startMembers, stop } from './crowd.ts'
import { scriptsRunAt } from './standing.ts'

interface Size {
  readonly key: string
  readonly processes: number
  readonly callers: number
  /** Of every process, before the crowd is told to stop. */
  readonly turns: number
  /** Whose clients they have. Default: `ioredis`. */
  readonly by?: 'ioredis' | 'node-redis'
}

const spread = (counts: readonly number[]): number => Math.max(...counts) / Math.min(...counts)

/** Who gives the key up joins the line again in the same trip, for its next caller: that turns are even is the order of the line. Of four callers, there is always one who waits by then. */
const MOST_UNEVEN = 1.2
/** Who is not let run for so long misses turns of the line: then they need not be even, whatever its order. */
const MOST_LATE_MS = 50
/** How often a crowd is looked at that was not let run, and not even. */
const TRIES = 3
/** Of one grant, before the key goes back to the line. */
const MOST_TURNS = 8

/** How many turns each grant of the server was for: the first, and those that were passed on inside the process. */
function turnsOfGrants(own: readonly CrowdTurn[]): number[] {
  const tokens = own.map(({ token }) => BigInt(token))
  const begins = tokens.flatMap((token, index) => (token - 1n === tokens[index - 1] ? [] : [index]))
  return begins.map((begin, index) => (begins[index + 1] ?? tokens.length) - begin)
}

/** Processes of so many callers want one key of one server, or of a Cluster: all get their turns, evenly, in the order of tokens, at few commands a handover. */
export async function evenTurns(servers: readonly Server[], size: Size): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const { spreads, lateMs } = await turnsOf(servers, { ...size, key: `${size.key} ${tries}` })
    const isEven = spreads.every((each) => each <= MOST_UNEVEN)
    if (!isEven && lateMs > MOST_LATE_MS && tries < TRIES) continue
    expect(Math.max(...spreads), `a process was not let run for ${Math.round(lateMs)} ms`).toBeLessThanOrEqual(
      MOST_UNEVEN,
    )
    return
  }
}

/** How uneven grants, turns of processes and turns of callers were. */
async function turnsOf(servers: readonly Server[], size: Size) {
  const urls = servers.map(({ url }) => url).join(',')
  const crowd = await startMembers(size.processes, urls, size.key, size.callers, size.by)
  for (const server of servers) await askRedis(server, 'config', 'resetstat')
  start(crowd)
  await until('everybody had many turns', () => crowd.every(({ count }) => count >= size.turns))
  const turns = await stop(crowd)
  const scripts = await Promise.all(servers.map(scriptsRunAt))

  const tokens = turns.flat().map(({ token }) => token)
  expect(new Set(tokens).size).toBe(tokens.length)
  expect(scripts.reduce((sum, each) => sum + each, 0) / tokens.length).toBeLessThanOrEqual(1)
  const common = inCommon(turns)
  const grants = common.map(turnsOfGrants)
  expect(Math.max(...grants.flat())).toBeLessThanOrEqual(MOST_TURNS)
  const ofCallers = common.flatMap((own) =>
    Array.from({ length: size.callers }, (_, caller) => own.filter((turn) => turn.caller === caller).length),
  )
  const spreads = [grants.map(({ length }) => length), common.map((own) => own.length), ofCallers].map(spread)
  return { spreads, lateMs: Math.max(...crowd.map((member) => member.lateMs)) }
}
