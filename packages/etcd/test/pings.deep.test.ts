import { createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { until } from '@leasehold/test-services'
import { afterAll, expect, it } from 'vitest'
import { connectEtcd3 } from '../src/etcd3-connection.ts'

/** etcd takes a ping every five seconds (`--grpc-keepalive-min-time`), and none without a call. */
const ALLOWED_MS = 5_000

const pings: number[] = []
const server = createServer()
server.on('session', (session) => session.on('ping', () => pings.push(performance.now())))
// It takes every call, and answers with an empty message what is no stream.
server.on('stream', (stream, { ':path': path }) => {
  stream.on('error', () => {})
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  if (path === '/etcdserverpb.Maintenance/Status') stream.end(Buffer.alloc(5))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
const connection = connectEtcd3({ hosts: `http://127.0.0.1:${port}` }, 20_000)
afterAll(() => {
  connection.close()
  server.close()
})

it('a server is pinged no more often than it allows, and only while a call is under way', async () => {
  await connection.hasLeader()
  const idleSince = performance.now()
  await until('nothing was under way for a while', () => performance.now() - idleSince > 1.5 * ALLOWED_MS)
  expect(pings).toEqual([])
  const stream = await connection.keepAlive(
    () => {},
    () => {},
  )
  const openedAt = performance.now()
  await until('it is pinged, and again', () => pings.length >= 2)
  const [first = 0, second = 0] = pings
  // It is allowed one at once.
  expect(first).toBeGreaterThan(openedAt)
  expect(second - first).toBeGreaterThan(ALLOWED_MS)
  stream.cancel()
})
