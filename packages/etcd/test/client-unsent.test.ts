import { constants, type ServerHttp2Session } from 'node:http2'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { until } from '@leasehold/test-services'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectEtcd } from '../src/client/connect.ts'
import type { EtcdConnection, Transaction } from '../src/connection.ts'
import { answer, type Incoming, message, StandIn } from './stand-in.ts'

const NOTHING: Transaction = { compare: [], success: [], failure: [] }

let etcd: StandIn
const opened: EtcdConnection[] = []
beforeEach(async () => {
  etcd = await StandIn.start()
})
afterEach(async () => {
  for (const connection of opened.splice(0)) connection.close()
  await etcd.stop()
})

function connect({ hosts = etcd.url, deadlineMs = 10_000 } = {}) {
  const connection = connectEtcd({ hosts }, deadlineMs)
  opened.push(connection)
  return connection
}

/** A call that has come, and is not answered yet. */
async function underWay(connection: EtcdConnection) {
  const waiting: Incoming[] = []
  etcd.onMessage = (call) => void waiting.push(call)
  const answered = connection.txn(NOTHING)
  await until('it has come', () => waiting.length === 1)
  etcd.onMessage = (call) => answer(call, [message()])
  return { answered, finish: () => answer(waiting[0] as Incoming, [message()]) }
}

describe('calls', () => {
  it('fail at once where nobody is, which have had no effect, and are made where somebody is then', async () => {
    const { url } = etcd
    await etcd.stop()
    const connection = connect({ hosts: url })
    await expect(connection.txn(NOTHING)).rejects.toMatchObject({
      code: 'NOT_SENT',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    etcd = await StandIn.start(Number(new URL(url).port))
    await connection.txn(NOTHING)
  })

  it('that no connection came about for in time have had no effect, also when it comes about then', async () => {
    const deaf = createServer()
    const arrived: string[] = []
    const sockets: Socket[] = []
    deaf.on('connection', (socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      socket.on('data', (bytes) => arrived.push(bytes.toString('latin1')))
    })
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve))
    const { port } = deaf.address() as AddressInfo
    // There is no connection before it is a secure one.
    const connection = connect({ hosts: `https://127.0.0.1:${port}`, deadlineMs: 200 })
    await expect(Promise.all([connection.txn(NOTHING), connection.hasLeader()])).rejects.toMatchObject({
      code: 'NOT_SENT',
      message: expect.stringContaining('no connection within'),
    })
    await until('the way there is given up', () => sockets.every(({ destroyed }) => destroyed))
    expect(arrived.join()).not.toContain('/etcdserverpb')
    deaf.close()
  })

  it('that a server which goes away has not looked at any more are made at another connection, and nobody hears of it', async () => {
    const connection = connect()
    const { answered, finish } = await underWay(connection)
    const [session] = etcd.sessions as [ServerHttp2Session]
    // Of what came after the first call, it says, nothing was done.
    const crossing = connection.txn(NOTHING)
    session.goaway(constants.NGHTTP2_NO_ERROR, 1)
    await crossing
    finish()
    await answered
    expect(etcd.sessions).toHaveLength(2)
  })

  it('of a connection that the server ends with an error may have been carried out, whatever error that is', async () => {
    const connection = connect()
    const { answered } = await underWay(connection)
    etcd.sessions[0]?.goaway(constants.NGHTTP2_REFUSED_STREAM, 0)
    await expect(answered).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(etcd.calls).toHaveLength(1)
  })
})
