import { fileURLToPath } from 'node:url'
import { createLocks } from '@leasehold/core'
import { ChildProgram, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { startTestEtcd, uniqueKey } from './server.ts'

const PROCESSES = 8
const CALLERS = 8
/** Of every process, before the crowd is told to stop. */
const TURNS = 40

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

interface Report {
  readonly grants: (readonly [token: string, at: string])[]
  readonly turnsOfCallers: number[]
}

interface Member {
  readonly child: ChildProgram
  isReady: boolean
  turns: number
  report: Report | undefined
}

async function startCrowd(key: string, size: number): Promise<Member[]> {
  const members = Array.from({ length: size }, () => startMember(key))
  await until('all are ready', () => members.every(({ isReady }) => isReady), 60_000)
  return members
}

function startMember(key: string): Member {
  const path = fileURLToPath(new URL('./crowd-member.ts', import.meta.url))
  const args = [etcd.server.url, key, String(CALLERS)]
  const child = new ChildProgram({ path, args, execArgv: ['--import', 'tsx'] })
  const member: Member = { child, isReady: false, turns: 0, report: undefined }
  child.onMessage((message) => {
    if (message === 'ready') member.isReady = true
    else if ('turns' in (message as object)) member.turns = (message as { turns: number }).turns
    else member.report = message as Report
  })
  return member
}

const tell = (members: readonly Member[], word: 'start' | 'stop') => {
  for (const { child } of members) child.send(word as unknown as object)
}

async function reported(members: readonly Member[]): Promise<Report[]> {
  tell(members, 'stop')
  await until('everybody is done', () => members.every(({ report }) => report !== undefined), 60_000)
  return members.flatMap(({ report }) => report ?? [])
}

/** Of all grants, in the order of their tokens: when each was made. A token is the place that a claim took on its arrival. */
function timesInOrderOfArrival(reports: readonly Report[]): bigint[] {
  const grants = reports.flatMap(({ grants }) => grants.map(([token, at]) => [BigInt(token), BigInt(at)] as const))
  expect(new Set(grants.map(([token]) => token)).size).toBe(grants.length)
  return grants.toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, at]) => at)
}

const isSorted = (times: readonly bigint[]) => times.every((at, i) => i === 0 || at > (times[i - 1] ?? 0n))

describe('8 processes with 8 callers each who want one key', () => {
  it('all get their turns, in the order of their arrival at the server', async () => {
    const members = await startCrowd(uniqueKey(), PROCESSES)
    tell(members, 'start')
    await until('everybody had many turns', () => members.every(({ turns }) => turns >= TURNS), 60_000)
    const counts = members.map(({ turns }) => turns)
    const reports = await reported(members)
    expect(isSorted(timesInOrderOfArrival(reports))).toBe(true)
    const ofCallers = reports.flatMap(({ turnsOfCallers }) => turnsOfCallers)
    expect(ofCallers).toHaveLength(PROCESSES * CALLERS)
    expect(Math.min(...ofCallers)).toBeGreaterThan(0)
    expect(Math.max(...counts) / Math.min(...counts)).toBeLessThanOrEqual(1.2)
    for (const { child } of members) await child.exited
    expect(await etcd.keys()).toEqual([])
  }, 120_000)

  it('are held up by none of them that is frozen or killed, longer than an etcd lease lasts on which they wait', async () => {
    const members = await startCrowd(uniqueKey(), 4)
    const [frozen, killed, ...others] = members as [Member, Member, ...Member[]]
    tell(members, 'start')
    await until('everybody had turns', () => members.every(({ turns }) => turns >= 5), 60_000)
    frozen.child.freeze()
    await killed.child.kill()
    const before = others.map(({ turns }) => turns)
    await until('the others go on', () => others.every(({ turns }, i) => turns > (before[i] ?? 0) + 5), 60_000)
    const missed = frozen.turns
    frozen.child.thaw()
    await until('the thawed one has turns again', () => frozen.turns > missed + 5, 60_000)
    expect(isSorted(timesInOrderOfArrival(await reported([frozen, ...others])))).toBe(true)
    for (const { child } of members) await child.exited
  }, 120_000)
})

it('a process that is killed while it waits blocks those behind it no longer than the shortest etcd lease', async () => {
  const key = uniqueKey()
  const [holder, rival] = [createLocks(etcd.open()), createLocks(etcd.open(), { pollMs: 60_000 })]
  const held = await holder.lock(key).acquire()
  const [member] = (await startCrowd(key, 1)) as [Member]
  tell([member], 'start')
  await until('it stands in line', async () => (await etcd.keys()).length === 2)
  const waiting = rival.lock(key).acquire({ waitMs: 60_000 })
  await until('another stands behind it', async () => (await etcd.keys()).length === 3)
  await member.child.kill()
  await held.release()
  const lease = await waiting
  lease.assertHeld()
  // Its etcd lease, of 1 s, ended it, and not the 30 s that it asked for.
  expect(await etcd.keys()).toHaveLength(1)
  await lease.release()
  await holder.close()
  await rival.close()
}, 60_000)
