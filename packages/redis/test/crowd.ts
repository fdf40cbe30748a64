import { fileURLToPath } from 'node:url'
import { ChildProgram, compiled, type Program, until } from '@leasehold/test-services'

/** A grant, at this token: the server's clock in µs. */
export interface CrowdTurn {
  readonly token: string
  readonly caller: number
}

export interface Member {
  readonly child: ChildProgram
  /** How many turns it had so far. */
  count: number
  turns: readonly CrowdTurn[] | undefined
  /** For how long it was not let run, at most, while it took turns. */
  lateMs: number
}

type Told =
  | { readonly ready: true }
  | { readonly count: number }
  | { readonly turns: readonly CrowdTurn[]; readonly lateMs: number }

/** Processes with so many callers each; none of them begins before `start`. */
export async function startMembers(
  count: number,
  url: string,
  key: string,
  callers: number,
  by = 'ioredis',
): Promise<Member[]> {
  const ready = new Set<Member>()
  const path = await compiled(fileURLToPath(new URL('./crowd-member.ts', import.meta.url)))
  const members = Array.from({ length: count }, () =>
    startMember({ path, args: [url, key, String(callers), by] }, ready),
  )
  const ended = Promise.race(members.map(({ child }) => child.exited)).then(() => {
    throw new Error('a process ended before it was ready')
  })
  await Promise.race([ended, until('all are ready', () => ready.size === count, 60_000)])
  return members
}

function startMember(program: Program, ready: Set<Member>): Member {
  const child = new ChildProgram({ ...program, execArgv: [] })
  const member: Member = { child, count: 0, turns: undefined, lateMs: 0 }
  child.onMessage((message) => {
    const told = message as Told
    if ('ready' in told) ready.add(member)
    else if ('count' in told) member.count = told.count
    else {
      member.turns = told.turns
      member.lateMs = told.lateMs
    }
  })
  return member
}

export function start(members: readonly Member[]): void {
  for (const { child } of members) child.send({ word: 'start' })
}

/** Everybody ends after its present turn. */
export async function stop(members: readonly Member[]): Promise<(readonly CrowdTurn[])[]> {
  for (const { child } of members) child.send({ word: 'stop' })
  await until('everybody is done', () => members.every(({ turns }) => turns !== undefined))
  return members.map(({ turns }) => turns ?? [])
}

/** The turns while everybody was there: from when the last one had begun until the first one ended. */
export function inCommon(turns: readonly (readonly CrowdTurn[])[]): CrowdTurn[][] {
  const from = Math.max(...turns.map((own) => Number(own[0]?.token)))
  const to = Math.min(...turns.map((own) => Number(own.at(-1)?.token)))
  return turns.map((own) => own.filter(({ token }) => Number(token) >= from && Number(token) <= to))
}

/** The longest time in ms that the key was with one holder, or with nobody. */
export function longestGapMs(turns: readonly (readonly CrowdTurn[])[]): number {
  const tokens = turns.flat().map(({ token }) => Number(token) / 1000)
  tokens.sort((one, other) => one - other)
  return Math.max(...tokens.slice(1).map((token, index) => token - (tokens[index] ?? token)))
}
