import { createLocks } from '@leasehold/core'
import { startRedis } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { createClient } from 'redis'
import { afterAll, expect, it } from 'vitest'
import { fencedSet, redisBackend } from '../src/index.ts'

const server = await startRedis()
const before = process.env['REDIS_URL']
process.env['REDIS_URL'] = server.url
afterAll(async () => {
  if (before === undefined) delete process.env['REDIS_URL']
  else process.env['REDIS_URL'] = before
  await server.stop()
})

it('the program of the README sells one seat', async () => {
  const client = new Redis(process.env['REDIS_URL'] ?? '')
  const locks = createLocks(redisBackend({ client }))

  await locks.named('seat:A1').run(async (lease) => {
    await fencedSet(client, 'buyer:A1', 'me', lease.fencingToken)
  })

  expect(await client.get('buyer:A1')).toBe('me')
  expect(await locks.close()).toMatchObject({ released: 0, unreleased: [] })
  client.disconnect()
})

it('the program of the README sells one seat, by node-redis', async () => {
  const client = createClient({ url: process.env['REDIS_URL'] ?? '' })
  await client.connect()
  const locks = createLocks(redisBackend({ client }))

  await locks.named('seat:B1').run(async (lease) => {
    await fencedSet(client, 'buyer:B1', 'me', lease.fencingToken)
  })

  expect(await client.get('buyer:B1')).toBe('me')
  expect(await locks.close()).toMatchObject({ released: 0, unreleased: [] })
  client.destroy()
})

it('the program of the README is told at once where its sentinels are, and sends nothing', async () => {
  const nodeClientOptions = { username: 'any', password: 'any' }

  const options = { name: 'mymaster', sentinelRootNodes: [{ host: '10.0.0.1', port: 26379 }], nodeClientOptions }
  const client = createClient(options.nodeClientOptions)
  const locks = createLocks(redisBackend({ client, sentinel: options }))

  expect(await locks.close()).toMatchObject({ released: 0, unreleased: [] })
})
