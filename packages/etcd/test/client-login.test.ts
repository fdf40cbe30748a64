import { until } from '@leasehold/test-services'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectEtcd } from '../src/client/connect.ts'
import type { EtcdConnection, Transaction } from '../src/connection.ts'
import { answer, type Incoming, message, refuse, StandIn, tell } from './stand-in.ts'

const NOTHING: Transaction = { compare: [], success: [], failure: [] }
const LOGIN = 'Auth/Authenticate'
const OUTDATED: readonly (readonly [number, string])[] = [
  [16, 'etcdserver: invalid auth token'],
  [3, 'etcdserver: revision of auth store is old'],
]
const [INVALID] = OUTDATED as [readonly [number, string]]

let etcd: StandIn
let connection: EtcdConnection
/** The one that etcd takes. */
let valid = 'token-1'
let outdated = INVALID
beforeEach(async () => {
  etcd = await StandIn.start()
  valid = 'token-1'
  outdated = INVALID
  etcd.onMessage = (call) => {
    if (call.method === LOGIN) answer(call, [message((to) => to.text(2, valid))])
    else if (call.headers['token'] !== valid) refuse(call, ...outdated)
    else if (call.method === 'Watch/Watch') tell(call, created())
    else if (call.method === 'Lease/LeaseKeepAlive') tell(call, alive())
    else answer(call, [message()])
  }
  connection = connectEtcd({ hosts: etcd.url, auth: { username: 'app', password: 'secret' } }, 10_000)
})
afterEach(async () => {
  connection.close()
  await etcd.stop()
})

const created = () => message((to) => to.number(3, 1))
const alive = () =>
  message((to) => {
    to.decimal(2, '7')
    to.number(3, 10)
  })
const logins = () => etcd.callsOf(LOGIN).length
const watchAll = () =>
  connection.watch(
    Buffer.of(1),
    Buffer.of(2),
    'all',
    () => {},
    () => {},
  )

describe('a login', () => {
  it('is made once for all who ask, before their first call', async () => {
    await Promise.all(Array.from({ length: 20 }, () => connection.txn(NOTHING)))
    expect(logins()).toBe(1)
    expect(etcd.callsOf('KV/Txn').map(({ headers }) => headers['token'])).toEqual(Array(20).fill('token-1'))
  })

  it.each(OUTDATED)('is made anew, once for all, where etcd says %i, %s', async (status, why) => {
    await connection.txn(NOTHING)
    outdated = [status, why]
    valid = 'token-2'
    await Promise.all(Array.from({ length: 20 }, () => connection.txn(NOTHING)))
    expect(logins()).toBe(2)
    expect(etcd.callsOf('KV/Txn')).toHaveLength(1 + 20 + 20)
  })

  it('is made anew once for a call: what is refused again is told', async () => {
    etcd.onMessage = (call) =>
      call.method === LOGIN ? answer(call, [message((to) => to.text(2, 'any'))]) : refuse(call, ...INVALID)
    await expect(connection.txn(NOTHING)).rejects.toThrow('invalid auth token')
    expect(etcd.callsOf('KV/Txn')).toHaveLength(2)
  })

  it('that failed is made anew by whoever asks next', async () => {
    const { onMessage } = etcd
    etcd.onMessage = (call) => refuse(call, 3, 'etcdserver: authentication failed, invalid user ID or password')
    await expect(connection.txn(NOTHING)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(etcd.callsOf('KV/Txn')).toEqual([])
    etcd.onMessage = onMessage
    await connection.txn(NOTHING)
  })

  it('whose token could not be a header is no answer', async () => {
    etcd.onMessage = (call) => answer(call, [message((to) => to.text(2, 'a\r\nb'))])
    await expect(connection.txn(NOTHING)).rejects.toMatchObject({ code: 'NOT_SENT' })
  })

  it('that nobody answers leaves unsent what it was for', async () => {
    const { onMessage } = etcd
    etcd.onMessage = (call) => (call.method === LOGIN ? call.stream.close() : onMessage(call))
    await expect(connection.txn(NOTHING)).rejects.toMatchObject({
      code: 'NOT_SENT',
      message: expect.stringContaining('no log-in'),
    })
    expect(etcd.callsOf('KV/Txn')).toEqual([])
    etcd.onMessage = onMessage
    await connection.txn(NOTHING)
  })

  it.each([
    ['is told as such', 'rpc error: code = Unauthenticated desc = etcdserver: invalid auth token'],
    ['is told as a missing permission, as etcd before 3.5.5 does', 'rpc error: permission denied'],
  ])('is made anew for a watch whose outdated token %s', async (_, reason) => {
    await connection.txn(NOTHING)
    valid = 'token-2'
    const { onMessage } = etcd
    etcd.onMessage = (call) => {
      if (call.method === 'Watch/Watch' && call.headers['token'] !== valid) tell(call, cancelled(reason))
      else onMessage(call)
    }
    await watchAll()
    expect(etcd.callsOf('Watch/Watch').map(({ headers }) => headers['token'])).toEqual(['token-1', 'token-2'])
  })

  it('is not made again and again for a watch that is not permitted', async () => {
    const { onMessage } = etcd
    etcd.onMessage = (call: Incoming) =>
      call.method === LOGIN ? onMessage(call) : tell(call, cancelled('etcdserver: permission denied'))
    await expect(watchAll()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(logins()).toBe(2)
  })

  it('is made anew for the stream of keepalives that comes after one with an outdated token', async () => {
    await connection.txn(NOTHING)
    valid = 'token-2'
    const ends: Error[] = []
    const heard: string[] = []
    const open = () =>
      connection.keepAlive(
        (leaseId) => heard.push(leaseId),
        (error) => ends.push(error),
      )
    const first = await open()
    first.send('7')
    await until('it is refused', () => ends.length === 1)
    const second = await open()
    second.send('7')
    await until('it is answered', () => heard.length === 1)
    second.cancel()
  })
})

/** Said together with that it was made. */
const cancelled = (why: string) =>
  message((to) => {
    to.number(3, 1)
    to.number(4, 1)
    to.text(6, why)
  })
