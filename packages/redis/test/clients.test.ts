import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import {
  type Advice,
  allOf,
  createLocks,
  type LockBackend,
  type Locks,
  list,
  shared,
  systemClock,
} from '@leasehold/core'
import { ChildProgram, compiled, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { fencedSet, redisBackend } from '../src/index.ts'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { type Library, libraries, nodeRedisLibraries } from './client-libraries.ts'
import { startStanding, visit } from './standing.ts'

// A rejection that nobody handles, or an error event that nobody listens to, fails the run of this file.
const standing = await startStanding()
const { ask, server } = standing
afterAll(standing.stop)

const queueOf = (key: string) => keyNames('leasehold:', key).queue

const isInLine = (key: string) => async () => (await ask('exists', queueOf(key))) === '1'

const locksOf = (backend: LockBackend): Locks => createLocks(backend, { pollMs: 60_000 })

const connectionsOf = async (name: string) =>
  (await ask('client', 'list')).split('\n').filter((line) => line.includes(` name=leasehold:${name} `)).length

/** Under which code it is refused, and whether the password is to be seen. */
const refusal = (backend: LockBackend, password: string) =>
  createLocks(backend)
    .named('refused')
    .tryAcquire()
    .then(
      () => 'granted',
      (error: Error & { code?: string }) => ({
        code: error.code,
        shows: inspect(error, { depth: 9, showHidden: true }).includes(password),
      }),
    )

describe.each(libraries)('a client of $library', ({ library, client }: Library) => {
  const open = (...options: Parameters<Library['client']>) => redisBackend({ client: client(...options) })

  it('is told that a port has no TLS', async () => {
    const backend = redisBackend({ client: client(server.url.replace('redis:', 'rediss:')), replyTimeoutMs: 200 })
    await expect(visit(backend, library)).rejects.toThrow('no answer to TLS; is it a port without?')
    await backend.close?.()
  })

  it('is told that there are too many connections', async () => {
    const other = new Redis(server.url)
    const backend = open(server.url)
    await other.config('SET', 'maxclients', '1')
    const attempt = visit(backend, library).finally(() => other.config('SET', 'maxclients', '10000'))
    await expect(attempt).rejects.toThrow(/max number of clients reached|too many \(maxclients\)/)
    other.disconnect()
    await backend.close?.()
  })

  it('locks, renews, waits, and hears its turn', async () => {
    const [one, other] = [locksOf(open(server.url)), locksOf(open(server.url))]
    const lease = await one.named(library).acquire({ metadata: { who: 'one' } })
    expect(await other.named(library).tryAcquire()).toBeNull()
    expect(await other.named(library).inspect()).toMatchObject([{ metadata: { who: 'one' } }])
    const next = other.named(library).acquire({ waitMs: 60_000 })
    await until('it stands in line', isInLine(library))
    await lease.renew()
    expect(await lease.release()).toBe('released')
    expect((await next).fencingToken).toBeGreaterThan(lease.fencingToken)
    const group = await allOf(one, [`${library} a`, `${library} b`]).acquire()
    expect(await group.release()).toBe('released')
    const [reader, second] = await Promise.all([one, other].map((each) => shared(each, `${library} read`).acquire()))
    expect([await reader?.release(), await second?.release()]).toEqual(['released', 'released'])
    expect((await list(one, { prefix: library })).map(({ key }) => key)).toEqual([library])
    await Promise.all([one.close(), other.close()])
  })

  it('sends many commands at once', async () => {
    const locks = createLocks(open(server.url))
    const keys = Array.from({ length: 100 }, (_, index) => `${library} ${index} ü`)
    const leases = await Promise.all(keys.map((key) => locks.named(key).acquire()))
    expect(await Promise.all(leases.map((lease) => lease.release()))).toEqual(keys.map(() => 'released'))
    await locks.close()
  })

  it('logs in, and locks in its own database alone', async () => {
    const options = { username: 'known', password: 'open-sesame', database: 3 }
    await ask('acl', 'setuser', 'known', 'reset', 'on', '>open-sesame', '~*', '&*', '+@all', '-select')
    expect(await refusal(open(server.url, options), 'open-sesame')).toEqual({ code: 'BACKEND_REFUSED', shows: false })
    await ask('acl', 'setuser', 'known', '+select')
    const backend = open(server.url, options)
    await backend.tryAcquire(claimOn(`third ${library}`), terms())
    const { hold } = keyNames('leasehold:', `third ${library}`)
    expect([await ask('exists', hold), await ask('-n', '3', 'exists', hold)]).toEqual(['0', '1'])
    await backend.close?.()
  })

  it.each([
    ['a wrong password', { username: 'known', password: 'not-the-password' }],
    ['a database that is not there', { database: 99, password: '' }],
  ])('is refused for %s', async (_, options) => {
    await ask('acl', 'setuser', 'known', 'reset', 'on', '>open-sesame', '~*', '&*', '+@all')
    // A driver may send commands before it knows.
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const refused = await refusal(open(server.url, options), 'not-the-password')
      expect(refused).toEqual({ code: 'BACKEND_REFUSED', shows: false })
    }
  })

  it('is told where nobody listens', async () => {
    const attempt = createLocks(open('redis://127.0.0.1:1')).named('nowhere').tryAcquire()
    const error = await attempt.catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining('ECONNREFUSED') })
  })

  it('has one connection, two where somebody waits, and none after close', async () => {
    const name = library.replaceAll(' ', '-')
    const backend = open(server.url, { name })
    expect(await connectionsOf(name)).toBe(0)
    const claim = claimOn(`counted ${library}`)
    await backend.tryAcquire(claim, terms())
    expect(await connectionsOf(name)).toBe(1)
    const stop = new AbortController()
    const turn = backend.waitForTurn?.(claimOn(`counted ${library}`), terms(), stop.signal)
    await until('it stands in line', isInLine(`counted ${library}`))
    expect(await connectionsOf(name)).toBe(2)
    stop.abort()
    expect(await turn).toBeUndefined()
    await backend.close?.()
    await until('the connections are closed', async () => (await connectionsOf(name)) === 0)
    await expect(backend.tryAcquire(claim, terms())).rejects.toThrow('closed')
  })

  it('forgets no script that the server forgot', async () => {
    const backend = open(server.url)
    const before = await visit(backend, `unscripted ${library}`)
    await ask('script', 'flush')
    expect(await visit(backend, `unscripted ${library}`)).toBeGreaterThan(before)
    await backend.close?.()
  })

  it('brings the advice of the server', async () => {
    await ask('config', 'set', 'save', '')
    const told: Advice[] = []
    const backend = open(server.url)
    backend.attach?.({ clock: systemClock, lost: () => {}, advise: (advice) => void told.push(advice) })
    await visit(backend, `advised ${library}`)
    await until('it is told', () => told.length > 0)
    expect(told.map(({ code }) => code)).toEqual(['NO_PERSISTENCE'])
    await backend.close?.()
  })
})

it.each(['closes', 'leaves'])('a process ends that %s the locks of all libraries', async (closes) => {
  const path = await compiled(fileURLToPath(new URL('./client-member.ts', import.meta.url)))
  await using child = new ChildProgram({ path, args: [server.url, closes], execArgv: [] })
  const told: unknown[] = []
  child.onMessage((message) => told.push(message))
  await child.exited
  expect(told).toEqual(libraries.map(({ library }) => `${library}: ACQUIRE_TIMEOUT`))
})

describe.each(nodeRedisLibraries)('your own client of $library', ({ library, client }) => {
  it('is neither connected nor changed', async () => {
    const given = client(server.url, { name: 'yours' })
    const before = inspect(given.options, { depth: 9 })
    const backend = redisBackend({ client: given })
    await visit(backend, `alone ${library}`)
    await backend.close?.()
    expect(inspect(given.options, { depth: 9 })).toBe(before)
    expect(given).toMatchObject({ isOpen: false, isReady: false })
  })

  it('guards a value by its fencing token', async () => {
    const given = client(server.url)
    await given.connect()
    await fencedSet(given, `fenced ${library}`, 'new', 8n)
    await fencedSet(given, `fenced ${library}`, Buffer.from('newer'), 8n, { ttlMs: 60_000 })
    await expect(fencedSet(given, `fenced ${library}`, 'old', 7n)).rejects.toMatchObject({ code: 'STALE_TOKEN' })
    expect(await ask('get', `fenced ${library}`)).toBe('newer')
    await given.disconnect?.()
  })
})
