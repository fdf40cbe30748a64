import { createLocks, type Locks } from '@leasehold/core'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { PATIENT, startTestEtcd, uniqueKey } from './server.ts'

const SIZE = 8
const etcd = await startTestEtcd()
afterAll(() => etcd.stop())

const numbers = Array.from({ length: SIZE }, (_, i) => i)

it('eight processes with eight waiters each are served in the order of their arrival', async () => {
  const key = uniqueKey()
  const processes = numbers.map(() => createLocks(etcd.open(), { ...PATIENT, pollMs: 60_000, whenHeld: 'wait' }))
  const holder = createLocks(etcd.open(), PATIENT)
  const first = await holder.named(key).acquire()
  const served: number[] = []
  const tokens: bigint[] = []
  const visit = async (locks: Locks, process: number) => {
    const lease = await locks.named(key).acquire({ waitMs: 30_000 })
    served.push(process)
    tokens.push(lease.fencingToken)
    await lease.release()
  }
  const visits: Promise<void>[] = []
  for (const [process, locks] of processes.entries()) {
    visits.push(...numbers.map(() => visit(locks, process)))
    // One claim of each process stands in line, on behalf of all that wait there.
    await until(`process ${process} stands in line`, async () => (await etcd.keys()).length === process + 2)
  }
  await first.release()
  await Promise.all(visits)
  expect(served).toEqual(numbers.flatMap(() => numbers))
  expect(tokens).toEqual(tokens.toSorted((one, other) => Number(one - other)))
  await Promise.all([holder, ...processes].map((locks) => locks.close()))
  expect(await etcd.keys()).toEqual([])
})

it('sixty-four waiters of one process are served in the order of their calls', async () => {
  const key = uniqueKey()
  const locks = createLocks(etcd.open(), { ...PATIENT, whenHeld: 'wait' })
  const first = await locks.named(key).acquire()
  const served: number[] = []
  const calls = Array.from({ length: 64 }, async (_, call) => {
    const lease = await locks.named(key).acquire({ waitMs: 30_000 })
    served.push(call)
    await lease.release()
  })
  await first.release()
  await Promise.all(calls)
  expect(served).toEqual(calls.map((_, call) => call))
  await locks.close()
})
