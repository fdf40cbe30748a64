import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Effort } from './effort.ts'
import type { Compared } from './statistics.ts'
import { compared } from './statistics.ts'

export type Side = 'ours' | 'limit'

export interface Crowd extends Compared {
  /** The most turns that a caller had, by the fewest; of processes alike. Of ours. */
  readonly callersMaxToMin: number
  readonly processesMaxToMin: number
}

interface Turns {
  readonly perSecond: number
  readonly byProcess: readonly (readonly number[])[]
}

/** Turns in a second that callers in several processes have with one key. */
export async function crowd(subject: string, url: string, effort: Effort): Promise<Crowd> {
  const limit = await turns('limit', subject, url, effort)
  const ours = await turns('ours', subject, url, effort)
  const again = await turns('limit', subject, url, effort)
  const figures = compared([limit, again].map(({ perSecond }) => ({ ours: ours.perSecond, limit: perSecond })))
  return {
    ...figures,
    callersMaxToMin: maxToMin(ours.byProcess.flat()),
    processesMaxToMin: maxToMin(ours.byProcess.map((callers) => callers.reduce((sum, each) => sum + each, 0))),
  }
}

const maxToMin = (values: readonly number[]): number => Math.max(...values) / Math.min(...values)

async function turns(side: Side, subject: string, url: string, effort: Effort): Promise<Turns> {
  const members = Array.from({ length: effort.processes }, () => member(side, subject, url, effort.callers))
  await Promise.all(members.map((each) => once(each, 'message')))
  for (const each of members) each.send('start')
  // Everybody is at it before it counts.
  await pause(effort.crowdMs / 4)
  for (const each of members) each.send('count')
  const startedMs = performance.now()
  await pause(effort.crowdMs)
  const reports = members.map((each) => once(each, 'message'))
  for (const each of members) each.send('stop')
  const tookMs = performance.now() - startedMs
  const byProcess = (await Promise.all(reports)).map(([report]) => report as number[])
  await Promise.all(members.map((each) => each.exitCode ?? once(each, 'exit')))
  const all = byProcess.flat().reduce((sum, each) => sum + each, 0)
  return { perSecond: (all * 1000) / tookMs, byProcess }
}

function member(side: Side, subject: string, url: string, callers: number): ChildProcess {
  const path = fileURLToPath(new URL('./crowd-member.ts', import.meta.url))
  return fork(path, [side, subject, url, String(callers)], { execArgv: ['--import', 'tsx'] })
}
