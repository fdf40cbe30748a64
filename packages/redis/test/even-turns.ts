import { askRedis, type Server, until } from '@leasehold/test-services'
import { expect } from 'vitest'
import { inCommon, start, startMembers, stop } from './crowd.ts'
import { scriptsRunAt } from './standing.ts'

interface Size {
  readonly key: string
  readonly processes: number
  readonly callers: number
  /** Of every process, before the crowd is told to stop. */
  readonly turns: number
}

const spread = (counts: readonly number[]): number => Math.max(...counts) / Math.min(...counts)

/**
 * Who gives the key up joins the line again in the same trip, for its next caller, and passes few turns on before: that turns are even is the order of the line, and no matter of how fast anybody is.
 */
const MOST_UNEVEN = 1.2

/** Processes of so many callers want one key of one server, or of a Cluster: all get their turns, evenly, in the order of tokens, at few commands a handover. */
export async function evenTurns(servers: readonly Server[], size: Size): Promise<void> {
  const urls = servers.map(({ url }) => url).join(',')
  const crowd = await startMembers(size.processes, urls, size.key, size.callers)
  for (const server of servers) await askRedis(server, 'config', 'resetstat')
  start(crowd)
  await until('everybody had many turns', () => crowd.every(({ count }) => count >= size.turns))
  const turns = await stop(crowd)
  const scripts = await Promise.all(servers.map(scriptsRunAt))

  const tokens = turns.flat().map(({ token }) => token)
  expect(new Set(tokens).size).toBe(tokens.length)
  expect(scripts.reduce((sum, each) => sum + each, 0) / tokens.length).toBeLessThanOrEqual(1)
  const common = inCommon(turns)
  expect(spread(common.map((own) => own.length))).toBeLessThanOrEqual(MOST_UNEVEN)
  const ofCallers = common.flatMap((own) =>
    Array.from({ length: size.callers }, (_, caller) => own.filter((turn) => turn.caller === caller).length),
  )
  expect(spread(ofCallers)).toBeLessThanOrEqual(MOST_UNEVEN)
}
