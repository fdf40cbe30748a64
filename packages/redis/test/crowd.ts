import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from '@leasehold/test-services'

/** A grant, at this token: the server's clock in µs. */
export interface CrowdTurn {
  readonly token: string
  readonly caller: number
}

export interface Member {
  readonly child: ChildProcess
  /** How many turns it had so far. */
  count: number
  turns: readonly CrowdTurn[] | undefined
}

/** A process with so many callers; none of them begins before `start`. */
export async function startMember(url: string, key: string, callers: number): Promise<Member> {
  const path = fileURLToPath(new URL('./crowd-member.ts', import.meta.url))
  const child = fork(path, [url, key, String(callers)], { execArgv: ['--import', 'tsx'] })
  await once(child, 'message')
  const member: Member = { child, count: 0, turns: undefined }
  child.on('message', (message: { readonly count?: number; readonly turns?: CrowdTurn[] }) => {
    member.count = message.count ?? member.count
    member.turns = message.turns ?? member.turns
  })
  return member
}

export function start(members: readonly Member[]): void {
  for (const { child } of members) child.send('start')
}

/** Everybody ends after its present turn. */
export async function stop(members: readonly Member[]): Promise<(readonly CrowdTurn[])[]> {
  for (const { child } of members) child.send('stop')
  await until('everybody is done', () => members.every(({ turns }) => turns !== undefined), 60_000)
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
