import { afterEach, expect, test, vi } from 'vitest'
import { startPostgres, startRedis, startRedisCluster } from '../src/index.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test('an address in the environment is taken first', async () => {
  vi.stubEnv('LEASEHOLD_POSTGRES_URL', 'postgres://me@db.example:6543/app')
  const server = await startPostgres()
  expect(server).toMatchObject({
    source: 'address in LEASEHOLD_POSTGRES_URL',
    url: 'postgres://me@db.example:6543/app',
    host: 'db.example',
    port: 6543,
  })
})

test('an address without a port means the usual one', async () => {
  vi.stubEnv('LEASEHOLD_POSTGRES_URL', 'postgres://me@db.example/app')
  expect((await startPostgres()).port).toBe(5432)
})

test('several addresses have commas between them', async () => {
  vi.stubEnv('LEASEHOLD_REDIS_CLUSTER_URLS', 'redis://a:7000, redis://b:7001')
  const { nodes } = await startRedisCluster()
  expect(nodes.map((node) => node.url)).toEqual(['redis://a:7000', 'redis://b:7001'])
})

test('a server of somebody else is used, not harmed', async () => {
  vi.stubEnv('LEASEHOLD_POSTGRES_URL', 'postgres://me@db.example:6543/app')
  const server = await startPostgres()
  await expect(server.restart()).rejects.toThrow(/own: true/)
  await expect(server.kill()).rejects.toThrow(/own: true/)
  expect(() => server.freeze()).toThrow(/own: true/)
  await server.stop()
})

test('an address is passed over where the server has to be started', async () => {
  vi.stubEnv('LEASEHOLD_REDIS_URL', 'redis://cache.example')
  expect((await startRedis()).source).toMatch(/^address/)
  await using own = await startRedis({ own: true })
  expect(own.source).toMatch(/^program/)
  await using tuned = await startRedis({ settings: { maxmemory: 50_000_000 } })
  expect(tuned.source).toMatch(/^program/)
})
