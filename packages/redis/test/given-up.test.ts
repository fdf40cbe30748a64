import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { askRedis, startRedis, startRedisReplica, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { redisBackend } from '../src/index.ts'
import { claimOn, terms } from './claims.ts'
import { type Library, libraries } from './client-libraries.ts'
import { visit } from './standing.ts'

const one = await startRedis({ own: true })
const other = await startRedisReplica(one)

/** Behind one address there is the one server, and then the other. Who is connected stays so. */
let [found, following] = [one, other]
const address = createServer((socket) => {
  const server = connect(found.port, found.host)
  socket.pipe(server).pipe(socket)
  socket.on('error', () => server.destroy())
  server.on('error', () => socket.destroy())
}).listen(0, '127.0.0.1')
await once(address, 'listening')
const url = `redis://127.0.0.1:${(address.address() as AddressInfo).port}`

afterAll(async () => {
  address.close()
  await other.stop()
  await one.stop()
})

async function handOver(): Promise<void> {
  const [from, to] = [found, following]
  await askRedis(to, 'replicaof', 'no', 'one')
  await askRedis(from, 'replicaof', to.host, String(to.port))
  await until('it follows', async () => (await askRedis(from, 'info', 'replication')).includes('master_link_status:up'))
  ;[found, following] = [to, from]
}

describe.each(libraries)('a connection of $library that was given up', ({ library, client }: Library) => {
  it('since the server is a replica by now, is not used by the very next attempt', async () => {
    const backend = redisBackend({ client: client(url) })
    const before = await visit(backend, library)
    await handOver()
    await expect(backend.tryAcquire(claimOn(library), terms())).rejects.toThrow('READONLY')
    expect(await visit(backend, library)).toBeGreaterThan(before)
    await backend.close?.()
  })
})

it('a replica is left also by those who ask it in one turn of the event loop', async () => {
  const [{ client }] = libraries as [Library]
  const backend = redisBackend({ client: client(url) })
  const before = await visit(backend, 'in one turn')
  await handOver()
  const attempts = await Promise.allSettled(
    ['one', 'two'].map((key) => backend.tryAcquire(claimOn(`in one turn: ${key}`), terms())),
  )
  for (const attempt of attempts)
    expect(attempt).toMatchObject({ reason: { message: expect.stringContaining('READONLY') } })
  expect(await visit(backend, 'in one turn')).toBeGreaterThan(before)
  await backend.close?.()
})
