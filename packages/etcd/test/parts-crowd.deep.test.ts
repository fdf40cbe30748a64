import { checkHistory } from '@leasehold/core/conformance'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { hadTurns, type PartsMember, startParts } from './parts-crowd.ts'
import { startTestEtcd, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

it('readers, writers and takers of permits of several processes exclude each other, though one is frozen and one killed', async () => {
  const members = await startParts(4, etcd.server.url, uniqueKey())
  const [frozen, killed, ...others] = members as [PartsMember, PartsMember, ...PartsMember[]]
  for (const { child } of members) child.send({ word: 'start' })
  await until('everybody had turns', () => members.every((member) => hadTurns(member, 3)))
  for (let round = 0; round < 3; round += 1) {
    frozen.child.freeze()
    if (round === 1) await killed.child.kill()
    const before = others.map(({ turns }) => new Map(turns))
    await until('the others go on', () => others.every((member, i) => hadTurns(member, 4, before[i])))
    const missed = new Map(frozen.turns)
    frozen.child.thaw()
    await until('the thawed one has turns again', () => hadTurns(frozen, 2, missed))
  }
  const living = [frozen, ...others]
  for (const { child } of living) child.send({ word: 'stop' })
  await until('everybody is done', () => living.every(({ isDone }) => isDone))
  expect(checkHistory(members.flatMap(({ events }) => events))).toEqual([])
  for (const { child } of members) await child.exited
  await until('nothing is left', async () => (await etcd.keys()).length === 0)
})
