import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { scriptsRun, startStanding } from './standing.ts'

const PROCESSES = 8
const CALLERS = 8
/** Of every process, before the crowd is told to stop. */
const TURNS = 100

const standing = await startStanding()
afterAll(standing.stop)

interface Member {
  readonly child: ChildProcess
  turns: number
  report: { readonly tokens: string[]; readonly turnsOfCallers: number[] } | undefined
}

async function startMember(key: string): Promise<Member> {
  const path = fileURLToPath(new URL('./crowd-member.ts', import.meta.url))
  const child = fork(path, [standing.server.url, key, String(CALLERS)], { execArgv: ['--import', 'tsx'] })
  await once(child, 'message')
  const member: Member = { child, turns: 0, report: undefined }
  child.on('message', (message: { turns?: number } & NonNullable<Member['report']>) => {
    if (message.turns === undefined) member.report = message
    else member.turns = message.turns
  })
  return member
}

const reported = async (members: readonly Member[]) => {
  for (const { child } of members) child.send('stop')
  await until('everybody is done', () => members.every(({ report }) => report !== undefined), 60_000)
  return members.map(({ report }) => report ?? { tokens: [], turnsOfCallers: [] })
}

describe('8 processes with 8 callers each who want one key', () => {
  it('all get their turns, in the order of tokens, at few commands a handover', async () => {
    const members = await Promise.all(Array.from({ length: PROCESSES }, () => startMember('crowd')))
    await standing.ask('config', 'resetstat')
    for (const { child } of members) child.send('start')
    await until('everybody had many turns', () => members.every(({ turns }) => turns >= TURNS), 60_000)
    const counts = members.map(({ turns }) => turns)
    const reports = await reported(members)
    const scripts = await scriptsRun(standing)

    const tokens = reports.flatMap((report) => report.tokens)
    expect(new Set(tokens).size).toBe(tokens.length)
    const ofCallers = reports.flatMap((report) => report.turnsOfCallers)
    expect(ofCallers).toHaveLength(PROCESSES * CALLERS)
    expect(Math.min(...ofCallers)).toBeGreaterThan(0)
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThanOrEqual(1.5)
    expect(scripts / tokens.length).toBeLessThanOrEqual(2)
  }, 90_000)
  it('are held up by none of them that is frozen or killed', async () => {
    const members = await Promise.all(Array.from({ length: 4 }, () => startMember('harmed')))
    const [frozen, killed, ...others] = members as [Member, Member, ...Member[]]
    for (const { child } of members) child.send('start')
    await until('everybody had turns', () => members.every(({ turns }) => turns >= 10), 60_000)
    frozen.child.kill('SIGSTOP')
    killed.child.kill('SIGKILL')
    const before = others.map(({ turns }) => turns)
    await until('the others go on', () => others.every(({ turns }, i) => turns > (before[i] ?? 0) + 50), 60_000)
    const missed = frozen.turns
    frozen.child.kill('SIGCONT')
    await until('the thawed one has turns again', () => frozen.turns > missed + 5, 60_000)
    const tokens = (await reported([frozen, ...others])).flatMap((report) => report.tokens)
    expect(new Set(tokens).size).toBe(tokens.length)
  }, 90_000)
})
