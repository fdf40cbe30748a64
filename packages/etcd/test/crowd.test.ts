import { createLocks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { isSorted, type Member, reported, startCrowd, tell, timesInOrderOfArrival } from './crowd.ts'
import { evenTurns } from './even-turns.ts'
import { startTestEtcd, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

describe('processes with several callers each who want one key', () => {
  it('all get their turns, in the order of their arrival at the server', async () => {
    await evenTurns(etcd, { processes: 3, callers: 4, turns: 24 })
  })

  it('are held up by none of them that is frozen or killed, longer than an etcd lease lasts on which they wait', async () => {
    const members = await startCrowd(3, etcd.server.url, uniqueKey(), 4)
    const [frozen, killed, ...others] = members as [Member, Member, ...Member[]]
    tell(members, 'start')
    await until('everybody had turns', () => members.every(({ turns }) => turns >= 5))
    frozen.child.freeze()
    await killed.child.kill()
    const before = others.map(({ turns }) => turns)
    await until('the others go on', () => others.every(({ turns }, i) => turns > (before[i] ?? 0) + 5))
    const missed = frozen.turns
    frozen.child.thaw()
    await until('the thawed one has turns again', () => frozen.turns > missed + 5)
    expect(isSorted(timesInOrderOfArrival(await reported([frozen, ...others])))).toBe(true)
    for (const { child } of members) await child.exited
  })
})

it('a process that is killed while it waits blocks those behind it no longer than the shortest etcd lease', async () => {
  const key = uniqueKey()
  const [holder, rival] = [createLocks(etcd.open()), createLocks(etcd.open(), { pollMs: 60_000 })]
  const held = await holder.named(key).acquire()
  const [member] = (await startCrowd(1, etcd.server.url, key, 4)) as [Member]
  tell([member], 'start')
  await until('it stands in line', async () => (await etcd.keys()).length === 2)
  const waiting = rival.named(key).acquire({ waitMs: 60_000 })
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
})
