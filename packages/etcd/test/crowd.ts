import { fileURLToPath } from 'node:url'
import { ChildProgram, compiled, type Program, until } from '@leasehold/test-services'
import { expect } from 'vitest'

export interface Report {
  readonly grants: (readonly [token: string, at: string])[]
  readonly turnsOfCallers: number[]
}

export interface Member {
  readonly child: ChildProgram
  isReady: boolean
  turns: number
  report: Report | undefined
}

/** Processes with so many callers each; none of them begins before it is told to. */
export async function startCrowd(size: number, url: string, key: string, callers: number): Promise<Member[]> {
  const path = await compiled(fileURLToPath(new URL('./crowd-member.ts', import.meta.url)))
  const members = Array.from({ length: size }, () => startMember({ path, args: [url, key, String(callers)] }))
  const ended = Promise.race(members.map(({ child }) => child.exited)).then(() => {
    throw new Error('a process ended before it was ready')
  })
  await Promise.race([ended, until('all are ready', () => members.every(({ isReady }) => isReady), 60_000)])
  return members
}

type Told = { readonly ready: true } | { readonly turns: number } | Report

function startMember(program: Program): Member {
  const child = new ChildProgram({ ...program, execArgv: [] })
  const member: Member = { child, isReady: false, turns: 0, report: undefined }
  child.onMessage((message) => {
    const told = message as Told
    if ('ready' in told) member.isReady = true
    else if ('turns' in told) member.turns = told.turns
    else member.report = told
  })
  return member
}

export function tell(members: readonly Member[], word: 'start' | 'stop'): void {
  for (const { child } of members) child.send({ word })
}

/** Everybody ends after its present turn. */
export async function reported(members: readonly Member[]): Promise<Report[]> {
  tell(members, 'stop')
  await until('everybody is done', () => members.every(({ report }) => report !== undefined))
  return members.flatMap(({ report }) => report ?? [])
}

/** Of all grants, in the order of their tokens: when each was made. A token is the place that a claim took on its arrival. */
export function timesInOrderOfArrival(reports: readonly Report[]): bigint[] {
  const grants = reports.flatMap(({ grants }) => grants.map(([token, at]) => [BigInt(token), BigInt(at)] as const))
  expect(new Set(grants.map(([token]) => token)).size).toBe(grants.length)
  return grants.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, at]) => at)
}

/** How many turns each had while everybody was there: from when the last one had begun until the first one ended. */
export function turnsInCommon(reports: readonly Report[]): number[] {
  const times = reports.map(({ grants }) => grants.map(([, at]) => Number(at)))
  const from = Math.max(...times.map((own) => own[0] ?? Number.NaN))
  const to = Math.min(...times.map((own) => own.at(-1) ?? Number.NaN))
  return times.map((own) => own.filter((at) => from <= at && at <= to).length)
}

export const isSorted = (times: readonly bigint[]) => times.every((at, i) => i === 0 || at > (times[i - 1] ?? 0n))
