import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type EtcdCluster, type Server, startEtcd, startEtcdCluster, until } from '../src/index.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

async function call({ url }: Server, method: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/v3/${method}`, { method: 'POST', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${method}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Record<string, unknown>
}

const put = (server: Server, key: string) => call(server, 'kv/put', { key: base64(key), value: base64('yes') })
const has = async (server: Server, key: string): Promise<boolean> =>
  (await call(server, 'kv/range', { key: base64(key) }))['count'] === '1'

describe('an etcd from this machine', () => {
  let server: Server
  beforeAll(async () => {
    server = await startEtcd({ own: true, settings: { 'quota-backend-bytes': 100_000_000 } })
  })
  afterAll(() => server.stop())

  test('keeps its data over a restart', async () => {
    await put(server, 'kept')
    await server.restart()
    expect(await has(server, 'kept')).toBe(true)
  })

  test('recovers its data after it was killed', async () => {
    await put(server, 'survived')
    await server.kill()
    await server.restart()
    expect(await has(server, 'survived')).toBe(true)
  })

  test('comes back empty, if asked', async () => {
    await put(server, 'forgotten')
    await server.restart({ keepData: false })
    expect(await has(server, 'forgotten')).toBe(false)
  })
})

describe('an etcd of three members', () => {
  let cluster: EtcdCluster
  let one: Server
  let other: Server
  beforeAll(async () => {
    cluster = await startEtcdCluster({ own: true })
    const [first, second] = cluster.members
    if (first === undefined || second === undefined) throw new Error('members are missing')
    one = first
    other = second
  })
  afterAll(() => cluster.stop())

  test('shows at one member what was written at another', async () => {
    await put(one, 'shared')
    expect(await has(other, 'shared')).toBe(true)
  })

  test('serves on without one member, which catches up when it is back', async () => {
    await one.kill()
    await until('the others elected a leader', () =>
      put(other, 'meanwhile').then(
        () => true,
        () => false,
      ),
    )
    await one.restart()
    expect(await has(one, 'meanwhile')).toBe(true)
  })

  test('comes back empty as a whole, if asked', async () => {
    await put(one, 'forgotten')
    await cluster.restart({ keepData: false })
    expect(await has(other, 'forgotten')).toBe(false)
  })
})
