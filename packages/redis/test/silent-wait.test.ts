import { TcpProxy, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, expect, it } from 'vitest'
import { redisBackend } from '../src/index.ts'
import { claimOn, terms } from './claims.ts'
import { linesOf, startStanding } from './standing.ts'

const node = await startStanding()
afterAll(() => node.stop())

/** Longer than the test may take. */
const NEVER_MS = 1_000_000

it('a wait at a server that says nothing any more ends with a hint, however long silence is put up with', async () => {
  await node.open().tryAcquire(claimOn('silent'), terms())
  await using proxy = await TcpProxy.open(node.server)
  const client = new Redis(proxy.through(node.server.url), { lazyConnect: true })
  const backend = redisBackend({ client, replyTimeoutMs: NEVER_MS })
  const turn = backend.waitForTurn?.(claimOn('silent'), terms(), new AbortController().signal)
  await until('it stands in line', async () => (await linesOf([node.server], 'silent')) === 1)
  proxy.forget()
  expect(await turn).toBeUndefined()
  await backend.close?.()
})
