import { createLocks } from '@leasehold/core'
import { TcpProxy, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { scriptsRun, startStanding, visit } from './standing.ts'

const standing = await startStanding()
const { ask, open, server } = standing
afterAll(standing.stop)

const isInLine = (key: string) => () => ask('exists', keyNames('leasehold:', key).queue).then((count) => count === '1')

const isListenedTo = async () => (await ask('pubsub', 'channels')) !== ''

describe('a connection', () => {
  it('that is cut while a script runs sends nothing twice', async () => {
    await using proxy = await TcpProxy.open(server)
    const backend = open({}, proxy.through(server.url))
    await visit(backend, 'cut')
    expect(await backend.inspect?.('cut')).toEqual([])
    await ask('config', 'resetstat')
    proxy.swallow('replies')
    const attempt = backend.tryAcquire(claimOn('cut'), terms()).catch((error: Error) => error.message)
    await until('the script has run', () => proxy.lostBytes('replies') > 0)
    proxy.heal()
    expect(await attempt).toMatch(/closed|reset/i)
    expect(await backend.inspect?.('cut')).toHaveLength(1)
    expect(await scriptsRun(standing)).toBe(2)
  })

  it('is given a while to answer that timers can measure', () => {
    const client = new Redis(server.url, { lazyConnect: true })
    for (const replyTimeoutMs of [0, 0.5, Number.NaN, 2 ** 31])
      expect(() => redisBackend({ client, replyTimeoutMs })).toThrow(RangeError)
  })

  it('that says nothing for too long is given up, and replaced', async () => {
    await using proxy = await TcpProxy.open(server)
    const client = new Redis(proxy.through(server.url), { lazyConnect: true })
    const backend = redisBackend({ client, replyTimeoutMs: 200 })
    const visits = () => visit(backend, 'silent').catch(() => 0n)
    await until('it speaks', async () => (await visits()) > 0n)
    proxy.swallow('requests')
    await expect(backend.tryAcquire(claimOn('silent'), terms())).rejects.toThrow('no answer within 200 ms')
    proxy.heal()
    expect(await visit(backend, 'silent')).toBeGreaterThan(0n)
    await backend.close?.()
  })

  it('that the server ends costs no lease, and no waiter its turn', async () => {
    const [one, other] = [createLocks(open()), createLocks(open(), { pollMs: 60_000 })]
    const lease = await one.named('killed').acquire()
    const next = other.named('killed').acquire({ waitMs: 60_000 })
    await until('it stands in line', isInLine('killed'))
    await ask('client', 'kill', 'type', 'pubsub')
    await ask('client', 'kill', 'type', 'normal')
    // What was sent before the end was noticed has no answer.
    const isRenewed = () =>
      lease.renew().then(
        () => true,
        () => false,
      )
    await until('it is renewed', isRenewed)
    await until('it is in line again, and listens', async () => (await isInLine('killed')()) && (await isListenedTo()))
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    await Promise.all([one.close(), other.close()])
  })

  it('outlives that the server forgets its scripts', async () => {
    const backend = open()
    const before = await visit(backend, 'unscripted')
    await ask('script', 'flush')
    expect(await visit(backend, 'unscripted')).toBeGreaterThan(before)
  })

  it('brings each script to a server that does not know it yet in one trip', async () => {
    await ask('script', 'flush')
    await ask('config', 'resetstat')
    const backend = open()
    const claim = claimOn('cold')
    expect(await backend.tryAcquire(claim, terms())).toMatchObject({ granted: true })
    expect((await backend.renew([{ ...claim, ttlMs: 60_000 }]))[0]).toMatchObject({ granted: true })
    expect(await backend.release(claim)).toBe(true)
    await visit(backend, 'warm')
    expect(await ask('info', 'errorstats')).not.toContain('NOSCRIPT')
    expect(await scriptsRun(standing)).toBe(5)
  })

  it('is made when first needed, two where somebody waits, and none is left after close', async () => {
    const named = async () =>
      (await ask('client', 'list')).split('\n').filter((line) => line.includes(' name=leasehold:counted '))
    const backend = open({ connectionName: 'counted' })
    expect(await named()).toHaveLength(0)
    const holder = claimOn('counted')
    await backend.tryAcquire(holder, terms())
    expect(await named()).toHaveLength(1)
    const stop = new AbortController()
    const turn = backend.waitForTurn?.(claimOn('counted'), terms(), stop.signal)
    await until('it stands in line', isInLine('counted'))
    expect(await named()).toHaveLength(2)
    stop.abort()
    expect(await turn).toBeUndefined()
    await backend.close?.()
    await until('the connections are closed', async () => (await named()).length === 0)
    await expect(backend.tryAcquire(holder, terms())).rejects.toThrow('closed')
  })

  it('leaves the settings of your client alone, and sends nothing over it', async () => {
    const client = new Redis(server.url, { lazyConnect: true, keyPrefix: 'app:' })
    const before = { ...client.options }
    const backend = redisBackend({ client })
    const claim = claimOn('prefixed')
    await backend.tryAcquire(claim, terms())
    expect(await ask('exists', keyNames('app:leasehold:', 'prefixed').hold)).toBe('1')
    expect(client.status).toBe('wait')
    expect(client.options).toEqual(before)
    await backend.close?.()
  })
})

describe('ten thousand leases', () => {
  it('are renewed by few commands', async () => {
    const backend = open()
    const claims = Array.from({ length: 10_000 }, (_, index) => claimOn(`many ${index}`))
    for (let start = 0; start < claims.length; start += 500) {
      await backend.tryAcquireAll?.(claims.slice(start, start + 500), terms(10_000))
    }
    await backend.renew([{ ...claimOn('none'), ttlMs: 60_000 }])
    await ask('config', 'resetstat')
    const renewals = await Promise.all(
      Array.from({ length: 20 }, (_, part) =>
        backend.renew(claims.slice(part * 500, part * 500 + 500).map((claim) => ({ ...claim, ttlMs: 60_000 }))),
      ),
    )
    expect(renewals.flat().filter((renewal) => typeof renewal === 'object')).toHaveLength(10_000)
    expect(await scriptsRun(standing)).toBe(20)
  })
})
