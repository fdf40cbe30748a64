import { createLocks, FenceGuard, resume } from '@leasehold/core'
import { afterAll, expect, it } from 'vitest'
import { PATIENT, startTestEtcd, uniqueKey } from './server.ts'

const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

it('a fence lets a transaction of the holder pass, and stops it when the lock has gone to another', async () => {
  const backend = etcd.open()
  const locks = createLocks(backend, PATIENT)
  const target = uniqueKey()
  const lease = await locks.named(uniqueKey()).acquire()
  const { key, createRevision } = backend.fence(lease)
  const write = (value: string) =>
    etcd.raw.if(key, 'Create', '==', createRevision).then(etcd.raw.put(target).value(value)).commit()
  expect((await write('fresh')).succeeded).toBe(true)
  await lease.release()
  const rival = createLocks(etcd.open(), PATIENT)
  await rival.named(lease.key).acquire()
  expect((await write('stale')).succeeded).toBe(false)
  expect(await etcd.raw.get(target)).toBe('fresh')
  expect(() => backend.fence(lease)).toThrow('is not held here')
  await rival.close()
  await locks.close()
})

it('a store elsewhere that compares tokens refuses whoever held the lock before, over hand-offs and in every process', async () => {
  const [locks, other] = [createLocks(etcd.open(), PATIENT), createLocks(etcd.open(), PATIENT)]
  const guard = new FenceGuard()
  const first = await locks.named(uniqueKey()).acquire()
  const write = (token: bigint) => guard.check(first.key, token)
  write(first.fencingToken)
  const resumed = await resume(other, first.handOff())
  expect(resumed?.fencingToken).toBe(first.fencingToken)
  write(first.fencingToken)
  await resumed?.release()
  const second = await locks.named(first.key).acquire()
  write(second.fencingToken)
  expect(() => write(first.fencingToken)).toThrow('stale')
  await locks.close()
  await other.close()
})
