import { until } from '@leasehold/test-services'
import { expect } from 'vitest'
import { isSorted, reported, startCrowd, tell, timesInOrderOfArrival, turnsInCommon } from './crowd.ts'
import type { TestEtcd } from './server.ts'
import { uniqueKey } from './server.ts'

interface Size {
  readonly processes: number
  readonly callers: number
  /** Of every process, before the crowd is told to stop. */
  readonly turns: number
}

/** Every process always has a caller in line: that turns are even is the order of the line, and no matter of how fast anybody is. */
const MOST_UNEVEN = 1.2

/** Processes of so many callers want one key: all get their turns, in the order of their arrival at the server, and nothing stays there. */
export async function evenTurns(etcd: TestEtcd, { processes, callers, turns: least }: Size): Promise<void> {
  const members = await startCrowd(processes, etcd.server.url, uniqueKey(), callers)
  tell(members, 'start')
  await until('everybody had many turns', () => members.every(({ turns }) => turns >= least))
  const reports = await reported(members)
  expect(isSorted(timesInOrderOfArrival(reports))).toBe(true)
  const ofCallers = reports.flatMap(({ turnsOfCallers }) => turnsOfCallers)
  expect(ofCallers).toHaveLength(processes * callers)
  expect(Math.min(...ofCallers)).toBeGreaterThan(0)
  const counts = turnsInCommon(reports)
  expect(Math.max(...counts) / Math.min(...counts)).toBeLessThanOrEqual(MOST_UNEVEN)
  for (const { child } of members) await child.exited
  expect(await etcd.keys()).toEqual([])
}
