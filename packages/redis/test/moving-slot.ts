import { createLocks, type LockBackend } from '@leasehold/core'
import { askRedis, type Server, until } from '@leasehold/test-services'
import { expect } from 'vitest'
import { slotOf } from '../src/cluster/slot.ts'
import { keyNames } from '../src/key-names.ts'
import { type ClusterStanding, migrate, nodesOf } from './cluster-standing.ts'

/** Who waits for a key whose slot moves stands in line and listens at its new node, and has its turn, where nobody polls. */
export async function waitsWhereTheSlotIs(
  standing: ClusterStanding,
  key: string,
  open: () => LockBackend,
): Promise<void> {
  const { queue } = keyNames('leasehold:', key)
  const slot = slotOf(queue)
  const [source, target] = await nodesOf(standing, slot)
  const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
  const lease = await one.named(key).acquire()
  const next = other.named(key).acquire({ waitMs: 60_000 })
  const stands = (server: Server) => async () => (await askRedis(server, 'exists', queue)) === '1'
  await until('it stands in line', stands(source))
  await (await migrate(slot, source, target)).finish()
  await until('it stands in line there', stands(target))
  const heard = () => askRedis(target, 'pubsub', 'shardchannels', `*${key}*`)
  await until('it listens there', async () => (await heard()) !== '')
  expect(await lease.release()).toBe('released')
  expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
  await Promise.all([one.close(), other.close()])
}
