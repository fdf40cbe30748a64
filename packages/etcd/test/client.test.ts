import { until } from '@leasehold/test-services'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectEtcd } from '../src/client/connect.ts'
import type { EtcdConnection, Transaction } from '../src/connection.ts'
import { answer, type Incoming, message, refuse, StandIn, tell } from './stand-in.ts'

const NOTHING: Transaction = { compare: [], success: [], failure: [] }
const ASKED = { hosts: '', deadlineMs: 10_000 }

let etcd: StandIn
const opened: EtcdConnection[] = []
beforeEach(async () => {
  etcd = await StandIn.start()
})
afterEach(async () => {
  for (const connection of opened.splice(0)) connection.close()
  await etcd.stop()
})

function connect(options: Partial<Parameters<typeof connectEtcd>[0]> = {}, deadlineMs = ASKED.deadlineMs) {
  const connection = connectEtcd({ hosts: etcd.url, ...options }, deadlineMs)
  opened.push(connection)
  return connection
}

const unavailable = { name: 'EtcdError', code: 'UNAVAILABLE' }
const watchAll = (connection: EtcdConnection, onEnd: (error: Error) => void = () => {}) =>
  connection.watch(Buffer.of(1), Buffer.of(2), 'all', () => {}, onEnd)
/** Answers what opens a watch, and all else. */
const usual = (call: Incoming) =>
  call.method === 'Watch/Watch'
    ? tell(
        call,
        message((to) => to.number(3, 1)),
      )
    : answer(call, [message()])

/** A call that has come, and is not answered yet. */
async function underWay(connection: EtcdConnection) {
  const waiting: Incoming[] = []
  etcd.onMessage = (call) => void waiting.push(call)
  const answered = connection.txn(NOTHING)
  await until('it has come', () => waiting.length === 1)
  return { answered, finish: () => answer(waiting[0] as Incoming, [message()]) }
}

describe('calls', () => {
  it('go over one connection, with what etcd is told of each', async () => {
    const connection = connect()
    await Promise.all(Array.from({ length: 200 }, () => connection.txn(NOTHING)))
    await connection.revoke('7')
    expect(etcd.sessions).toHaveLength(1)
    expect(etcd.calls[0]?.headers).toMatchObject({
      ':path': '/etcdserverpb.KV/Txn',
      'content-type': 'application/grpc',
      te: 'trailers',
      hasleader: 'true',
      'grpc-timeout': '10000m',
    })
    expect(etcd.calls[0]?.headers['token']).toBeUndefined()
  })

  it('of which a thousand are under way are all answered', async () => {
    const waiting: Incoming[] = []
    etcd.onMessage = (call) => void waiting.push(call)
    const connection = connect()
    const calls = Array.from({ length: 1_000 }, () => connection.txn(NOTHING))
    await until('all have come', () => waiting.length === 1_000)
    for (const call of waiting) answer(call, [message()])
    expect(await Promise.all(calls)).toHaveLength(1_000)
  })

  it('are answered beside more streams than the server allows on a connection', async () => {
    await etcd.stop()
    etcd = await StandIn.start(0, { maxConcurrentStreams: 4 })
    etcd.onMessage = usual
    const connection = connect()
    // At once, before it is known how many are allowed, and one after another.
    await Promise.all(Array.from({ length: 6 }, () => watchAll(connection)))
    for (let times = 0; times < 10; times += 1) await watchAll(connection)
    await Promise.all(Array.from({ length: 20 }, () => connection.txn(NOTHING)))
    expect(etcd.sessions.length).toBeGreaterThan(5)
  })

  it.each([
    [5, 'etcdserver: requested lease not found', 'LEASE_GONE'],
    [14, 'etcdserver: no leader', 'NO_LEADER'],
    [3, 'etcdserver: authentication failed, invalid user ID or password', 'UNAUTHENTICATED'],
    [7, 'etcdserver: permission denied', 'PERMISSION_DENIED'],
    [3, 'etcdserver: request is too large', 'INVALID'],
    [8, 'grpc: received message larger than max (5 vs. 4)', 'INVALID'],
    // Of answers: what was asked for has happened.
    [8, 'grpc: trying to send message larger than max (5 vs. 4)', 'UNAVAILABLE'],
    [8, 'Received message larger than max (5 vs 4)', 'UNAVAILABLE'],
    [14, 'etcdserver: request timed out', 'DEADLINE_EXCEEDED'],
    [13, '100 %, ärger', 'UNAVAILABLE'],
  ])('that etcd refuses with %i, "%s", say so', async (status, why, code) => {
    etcd.onMessage = (call) => refuse(call, status, why)
    await expect(connect().txn(NOTHING)).rejects.toMatchObject({ code, message: expect.stringContaining(why) })
  })

  it.each([
    [401, 'UNAUTHENTICATED'],
    [403, 'PERMISSION_DENIED'],
    [502, 'UNAVAILABLE'],
    [200, 'UNAVAILABLE'],
  ])('that something answers with HTTP status %i, which is no etcd, fail with %s', async (status, code) => {
    etcd.onMessage = ({ stream }) => {
      stream.respond({ ':status': status, 'content-type': 'text/html' })
      stream.end('<html>')
    }
    await expect(connect().txn(NOTHING)).rejects.toMatchObject({ code, message: expect.stringContaining('HTTP') })
  })

  it('are not sent again where the connection breaks: whether they took effect is unknown', async () => {
    etcd.onMessage = ({ stream }) => stream.session?.destroy()
    const connection = connect()
    await expect(connection.txn(NOTHING)).rejects.toMatchObject(unavailable)
    expect(etcd.calls).toHaveLength(1)
    etcd.onMessage = usual
    await connection.txn(NOTHING)
    expect(etcd.sessions).toHaveLength(2)
  })

  it('end before a server that goes away, and those that come then go to another connection', async () => {
    const connection = connect()
    const { answered, finish } = await underWay(connection)
    etcd.sessions[0]?.goaway()
    etcd.onMessage = usual
    await until('it is told', async () => {
      await connection.txn(NOTHING)
      return etcd.sessions.length === 2
    })
    finish()
    await answered
  })

  it('fail after `close`, which lets those end that are under way', async () => {
    const connection = connect()
    const { answered, finish } = await underWay(connection)
    connection.close()
    await expect(connection.txn(NOTHING)).rejects.toMatchObject({ code: 'NOT_SENT' })
    finish()
    await answered
    await until('the connection is closed', () => etcd.sessions[0]?.destroyed === true)
  })
})

describe('a deadline', () => {
  it('that passes without a word from the server costs the connection', async () => {
    const connection = connect({}, 1_000)
    await connection.txn(NOTHING)
    etcd.onMessage = () => {}
    await expect(connection.txn(NOTHING)).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    etcd.onMessage = usual
    await connection.txn(NOTHING)
    expect(etcd.sessions).toHaveLength(2)
  })

  it('that passes while others are answered costs its call alone', async () => {
    etcd.onMessage = (call) => call.method !== 'KV/Txn' && usual(call)
    const connection = connect({}, 1_000)
    const ends: unknown[] = []
    connection.txn(NOTHING).catch((error: unknown) => ends.push(error))
    await until('it has ended, and others are answered all the while', async () => {
      await connection.revoke('1')
      return ends.length > 0
    })
    expect(ends).toMatchObject([{ code: 'DEADLINE_EXCEEDED' }])
    await connection.revoke('1')
    expect(etcd.sessions).toHaveLength(1)
    await until('the server is told that nobody waits', () => etcd.callsOf('KV/Txn')[0]?.stream.destroyed === true)
  })

  it('of a question whether somebody is there is shorter, and does not speak for those who wait for longer', async () => {
    const connection = connect({}, 2_000)
    await connection.txn(NOTHING)
    etcd.onMessage = () => {}
    const [asked, other] = [connection.hasLeader(), connection.txn(NOTHING)]
    await expect(asked).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    answer(etcd.callsOf('KV/Txn').at(-1) as Incoming, [message()])
    await other
    expect(etcd.sessions).toHaveLength(1)
    // Nobody else waits.
    await expect(connection.hasLeader()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    etcd.onMessage = usual
    await connection.hasLeader()
    expect(etcd.sessions).toHaveLength(2)
  })

  it('of weeks is told to etcd as the longest that it understands', async () => {
    await connect({}, 2 ** 31 - 1).txn(NOTHING)
    expect(etcd.calls[0]?.headers['grpc-timeout']).toBe('99999999m')
  })

  it('of a watch that nobody opens passes, too', async () => {
    etcd.onMessage = () => {}
    await expect(watchAll(connect({}, 200))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  })
})

describe('what is no answer', () => {
  it.each([
    ['bytes that are no message', Buffer.concat([Buffer.of(0, 0, 0, 0, 4), Buffer.alloc(4, 0xff)])],
    ['a message that is compressed', Buffer.of(1, 0, 0, 0, 1, 0)],
    ['an answer to something else', message((to) => to.message(3, () => to.message(1, () => {})))],
  ])('costs the connection, and nothing else: %s', async (_, bytes) => {
    const ends: Error[] = []
    etcd.onMessage = usual
    const connection = connect()
    await watchAll(connection, (error) => ends.push(error))
    etcd.onMessage = (call) => tell(call, bytes)
    await expect(connection.txn(NOTHING)).rejects.toMatchObject(unavailable)
    await until('the watch has ended, too', () => ends.length === 1)
    etcd.onMessage = usual
    await connection.txn(NOTHING)
    expect(etcd.sessions).toHaveLength(2)
  })

  it('is cut short: the call has no answer', async () => {
    etcd.onMessage = ({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.end(Buffer.of(0, 0, 0, 0, 9, 1))
    }
    await expect(connect().txn(NOTHING)).rejects.toMatchObject(unavailable)
  })

  it('is too large: it costs its call alone, and is not kept', async () => {
    const connection = connect({ grpcOptions: { 'grpc.max_receive_message_length': 1_000 } })
    const padded = (length: number) => message((to) => to.bytes(99, Buffer.alloc(length)))
    etcd.onMessage = (call) => answer(call, [padded(900)])
    await connection.txn(NOTHING)
    etcd.onMessage = (call) => answer(call, [padded(1_000)])
    const tooLarge = { ...unavailable, message: expect.stringContaining('at most 1000') }
    await expect(connection.txn(NOTHING)).rejects.toMatchObject(tooLarge)
    etcd.onMessage = usual
    await connection.txn(NOTHING)
    expect(etcd.sessions).toHaveLength(1)
  })

  it('is too large by default beyond four megabytes', async () => {
    const connection = connect()
    etcd.onMessage = (call) => answer(call, [message((to) => to.bytes(99, Buffer.alloc(4 * 2 ** 20 - 10)))])
    await connection.txn(NOTHING)
    etcd.onMessage = (call) => answer(call, [message((to) => to.bytes(99, Buffer.alloc(4 * 2 ** 20)))])
    await expect(connection.txn(NOTHING)).rejects.toMatchObject(unavailable)
  })
})

describe('a member', () => {
  it('that has no vote is not asked', async () => {
    etcd.onMessage = (call) => answer(call, [message((to) => to.number(10, 1))])
    await expect(connect().hasLeader()).rejects.toThrow('learner')
    etcd.onMessage = usual
    await connect().hasLeader()
  })
})
