import { TcpProxy } from '@leasehold/test-services'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { connectEtcd } from '../src/client/connect.ts'
import type { EtcdConnection, Transaction } from '../src/connection.ts'
import { answer, message, StandIn, tell } from './stand-in.ts'

const NOTHING: Transaction = { compare: [], success: [], failure: [] }

let etcd: StandIn
let connection: EtcdConnection
beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  etcd = await StandIn.start()
  etcd.onMessage = (call) =>
    call.method === 'Watch/Watch'
      ? tell(
          call,
          message((to) => to.number(3, 1)),
        )
      : answer(call, [message()])
  connection = connectEtcd({ hosts: etcd.url }, 2_000)
})
afterEach(async () => {
  connection.close()
  await etcd.stop()
  vi.useRealTimers()
})

/** What goes over sockets takes its time as ever. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** Long enough for what was sent to have come, in both directions. */
async function settle(): Promise<void> {
  await connection.txn(NOTHING)
  await connection.txn(NOTHING)
}

const watchAll = (by = connection, onEnd: (error: Error) => void = () => {}) =>
  by.watch(Buffer.of(1), Buffer.of(2), 'all', () => {}, onEnd)

describe('pings', () => {
  it('are not sent where nobody listens', async () => {
    await connection.txn(NOTHING)
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(10_000)
      await settle()
    }
    expect(etcd.pings).toEqual([])
  })

  it('are sent while a stream is open, not more often than every six seconds, and not after it has ended', async () => {
    const stream = await watchAll()
    for (let count = 1; count <= 5; count += 1) {
      vi.advanceTimersByTime(5_990)
      expect(etcd.pings).toHaveLength(count - 1)
      vi.advanceTimersByTime(20)
      await until(() => etcd.pings.length === count)
      await until(() => vi.getTimerCount() === 1)
    }
    stream.cancel()
    await settle()
    vi.advanceTimersByTime(60_000)
    await settle()
    expect(etcd.pings).toHaveLength(5)
  })

  it('are not needed where something was heard', async () => {
    await watchAll()
    for (let i = 0; i < 10; i += 1) {
      vi.advanceTimersByTime(4_000)
      await settle()
    }
    expect(etcd.pings).toEqual([])
  })

  it('that nobody answers end the connection, and the streams that are open there', async () => {
    const { hostname, port } = new URL(etcd.url)
    await using proxy = await TcpProxy.open({ host: hostname, port: Number(port) })
    const cutOff = connectEtcd({ hosts: proxy.through(etcd.url) }, 2_000)
    const ends: Error[] = []
    await watchAll(cutOff, (error) => ends.push(error))
    proxy.swallow('requests')
    vi.advanceTimersByTime(6_010)
    await until(() => proxy.lostBytes('requests') > 0)
    expect(ends).toEqual([])
    vi.advanceTimersByTime(2_010)
    await until(() => ends.length === 1)
    expect(ends).toMatchObject([{ code: 'UNAVAILABLE' }])
    cutOff.close()
  })
})
