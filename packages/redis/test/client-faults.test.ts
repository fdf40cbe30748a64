import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createLocks } from '@leasehold/core'
import { TcpProxy, until } from '@leasehold/test-services'
import { afterAll, describe, expect, it } from 'vitest'
import { redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { type Library, libraries } from './client-libraries.ts'
import { scriptsRun, startStanding, visit } from './standing.ts'

// A rejection that nobody handles, or an error event that nobody listens to, fails the run of this file.
const standing = await startStanding()
const { ask, server } = standing
afterAll(standing.stop)

const isInLine = (key: string) => async () => (await ask('exists', keyNames('leasehold:', key).queue)) === '1'

/** How often a new connection has asked the server for its settings: that is the last that it wants to know. */
const looks = async () => Number(/cmdstat_config\|get:calls=(\d+)/.exec(await ask('info', 'commandstats'))?.[1] ?? 0)

const isListenedTo = async () => (await ask('pubsub', 'channels', 'leasehold:*')) !== ''

describe.each(libraries)('a connection of $library', ({ library, client }: Library) => {
  const open = (url = server.url, replyTimeoutMs = 3000) => redisBackend({ client: client(url), replyTimeoutMs })

  it.each([
    ['in the middle of a request', 'requests', 40, 0],
    ['after the request', 'replies', 1, 1],
    ['in the middle of a reply', 'replies', 9, 1],
  ] as const)('that is cut %s runs its script at most once', async (_, direction, bytes, runs) => {
    await using proxy = await TcpProxy.open(server)
    const backend = open(proxy.through(server.url))
    const key = `cut ${library} ${direction} ${bytes}`
    const before = await looks()
    await visit(backend, key)
    await until('it has looked at the server', async () => (await looks()) > before)
    // Whose answer comes after what the server said of itself: nothing else is under way.
    await visit(backend, key)
    await ask('config', 'resetstat')
    const cut = proxy.cutAfter(bytes, direction)
    await expect(backend.tryAcquire(claimOn(key), terms())).rejects.toThrow(/closed|reset/i)
    await cut
    expect(await scriptsRun(standing)).toBe(runs)
    // Whatever it did is known under its claim, and the next command goes over a new connection.
    expect((await backend.inspect?.(key))?.length === 0).toBe(runs === 0)
    await backend.close?.()
  })

  it('that the server ends while it is idle is replaced', async () => {
    await using proxy = await TcpProxy.open(server)
    const backend = open(proxy.through(server.url))
    await visit(backend, `idle ${library}`)
    await ask('client', 'kill', 'type', 'normal')
    await until('it is gone', () => proxy.connectionCount === 0)
    await until('another is there', () =>
      visit(backend, `idle ${library}`).then(
        () => proxy.connectionCount === 1,
        () => false,
      ),
    )
    await backend.close?.()
  })

  it('that says nothing any more is given up, and replaced', async () => {
    await using proxy = await TcpProxy.open(server)
    const backend = open(proxy.through(server.url), 200)
    const visits = () => visit(backend, `mute ${library}`).catch(() => 0n)
    await until('it speaks', async () => (await visits()) > 0n)
    for (const direction of ['requests', 'replies'] as const) {
      proxy.swallow(direction)
      await expect(backend.tryAcquire(claimOn('mute'), terms())).rejects.toThrow('no answer within 200 ms')
      proxy.heal()
      await until('another speaks', async () => (await visits()) > 0n)
    }
    await backend.close?.()
  })

  it('that never says anything is given up, and closed at once where asked', async () => {
    await using proxy = await TcpProxy.open(server)
    proxy.swallow('replies')
    const hasty = open(proxy.through(server.url), 200)
    await expect(hasty.tryAcquire(claimOn('never'), terms())).rejects.toThrow('no answer within 200 ms')
    await hasty.close?.()
    const patient = open(proxy.through(server.url), 60_000)
    const attempt = patient.tryAcquire(claimOn('never'), terms()).catch((error: Error) => error.message)
    await until('it has asked', () => proxy.connectionCount > 0)
    await patient.close?.()
    expect(await attempt).toMatch(/closed/i)
    proxy.heal()
    await until('no connection is left', () => proxy.connectionCount === 0)
  })

  it('that is still being encrypted is closed at once where asked', async () => {
    let count = 0
    const mute = createServer((socket) => {
      count += 1
      socket.resume().on('error', () => {})
      socket.on('close', () => {
        count -= 1
      })
    }).listen(0, '127.0.0.1')
    await once(mute, 'listening')
    const backend = open(`rediss://127.0.0.1:${(mute.address() as AddressInfo).port}`, 600_000)
    const attempt = backend.tryAcquire(claimOn('encrypted'), terms()).catch((error: Error) => error.message)
    await until('it has begun', () => count === 1)
    await backend.close?.()
    expect(await attempt).toMatch(/closed/i)
    await until('no connection is left', () => count === 0)
    mute.close()
  })

  it('that the server ends costs no lease, and no waiter its turn', async () => {
    const key = `killed ${library}`
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named(key).acquire()
    const next = other.named(key).acquire({ waitMs: 60_000 })
    await until('it stands in line', isInLine(key))
    await ask('client', 'kill', 'type', 'pubsub')
    await ask('client', 'kill', 'type', 'normal')
    // What was sent before the end was noticed has no answer.
    const isRenewed = () =>
      lease.renew().then(
        () => true,
        () => false,
      )
    await until('it is renewed', isRenewed)
    await until('it is in line again, and listens', async () => (await isInLine(key)()) && (await isListenedTo()))
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })

  it('outlives a restart of the server, and so does who waits', async () => {
    const key = `restarted ${library}`
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named(key).acquire()
    const next = other.named(key).acquire({ waitMs: 60_000 })
    await until('it stands in line', isInLine(key))
    await server.restart()
    await until('it is released', () =>
      lease.release().then(
        (outcome) => outcome === 'released',
        () => false,
      ),
    )
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })
})
