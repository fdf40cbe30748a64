import { inspect } from 'node:util'
import { allOf, createLocks, isLeaseholdError, type LockBackend } from '@leasehold/core'
import { startRedis, until } from '@leasehold/test-services'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { keyNames } from '../src/key-names.ts'
import { claimOn, terms } from './claims.ts'
import { COMMANDS, PASSWORD, RIGHTS } from './permissions.ts'
import { startStanding } from './standing.ts'

const standing = await startStanding()
const { ask, open } = standing
beforeAll(async () => {
  await ask('acl', 'setuser', 'limited', 'on', `>${PASSWORD}`, ...RIGHTS, ...COMMANDS)
  await ask('acl', 'setuser', 'reader', 'on', `>${PASSWORD}`, '~*', '&*', '+@all', '-evalsha', '-eval')
})
afterAll(standing.stop)

const failure = async (backend: LockBackend): Promise<unknown> => {
  const attempt = createLocks(backend).named('refused').tryAcquire()
  return attempt.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('a server that will not', () => {
  it.each([
    ['a wrong password', { username: 'limited', password: 'wrong-password' }],
    ['a user who may not run scripts', { username: 'reader', password: PASSWORD }],
    ['a database that is not there', { username: 'reader', password: PASSWORD, db: 99 }],
  ])('is told from one that cannot: %s', async (_, options) => {
    const error = await failure(open(options))
    expect(isLeaseholdError(error, 'BACKEND_REFUSED')).toBe(true)
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(options.password)
  })

  it('shows neither holders nor arguments, whatever fails', async () => {
    const events: unknown[] = []
    const backend = open()
    const locks = createLocks(backend, { ttlMs: 3000, onEvent: (event) => events.push(event) })
    const metadata = { secret: 'in-the-arguments' }
    const lease = await locks.named('shown').acquire({ metadata })
    const holder = await ask('hget', keyNames('leasehold:', 'shown').hold, 'holder')
    await ask('del', keyNames('leasehold:', 'shown').hold)
    await ask('set', keyNames('leasehold:', 'shown').hold, 'of another type')
    const errors = await Promise.all([
      lease.renew().catch((error: unknown) => error),
      locks
        .named('shown')
        .acquire({ metadata, waitMs: 100 })
        .catch((error: unknown) => error),
      lease.release().catch((error: unknown) => error),
    ])
    expect(errors.some((error) => String(error).includes('WRONGTYPE'))).toBe(true)
    await ask('del', keyNames('leasehold:', 'shown').hold)
    const shown = inspect([backend, locks, lease, ...errors, ...events], { depth: 12, showHidden: true })
    expect(holder).toMatch(/^[0-9a-f]{32}$/)
    for (const secret of [holder, 'in-the-arguments']) expect(shown).not.toContain(secret)
    await locks.close()
  })

  it('says that it runs no scripts', async () => {
    await using mute = await startRedis({ own: true, settings: { 'rename-command': 'EVAL ""' } })
    const error = await failure(open({}, mute.url))
    expect(error).toMatchObject({ code: 'BACKEND_REFUSED' })
    expect(String(error)).toContain('the server runs no scripts (EVAL)')
  })

  it('says that a script may not do what it does', async () => {
    await ask('acl', 'setuser', 'few', 'on', `>${PASSWORD}`, ...RIGHTS, ...COMMANDS, '-getset')
    expect(await failure(open({ username: 'few', password: PASSWORD }))).toMatchObject({ code: 'BACKEND_REFUSED' })
  })

  it('asks for a password', async () => {
    await using guarded = await startRedis({ own: true, settings: { requirepass: PASSWORD } })
    expect(await failure(open({}, guarded.url))).toMatchObject({ code: 'BACKEND_REFUSED' })
  })

  it('lets nobody lock in another database than asked for', async () => {
    const elsewhere = { username: 'limited', password: PASSWORD, db: 3 }
    expect(await failure(open(elsewhere))).toMatchObject({ code: 'BACKEND_REFUSED' })
    expect(await ask('exists', keyNames('leasehold:', 'refused').hold)).toBe('0')
    await ask('acl', 'setuser', 'limited', '+select')
    expect(await failure(open(elsewhere))).toBeUndefined()
    await ask('acl', 'setuser', 'limited', '-select')
    expect(await ask('-n', '3', 'exists', keyNames('leasehold:', 'refused').hold)).toBe('1')
  })

  it('is not one that is away', async () => {
    const error = await failure(open({}, 'redis://127.0.0.1:1'))
    expect(isLeaseholdError(error, 'BACKEND_UNAVAILABLE')).toBe(true)
    expect((error as Error).message).toContain('ECONNREFUSED')
  })

  it('is not a primary that became a replica: it may be one again', async () => {
    const backend = open()
    const claim = claimOn('demoted')
    await backend.tryAcquire(claim, terms())
    await ask('replicaof', '127.0.0.1', '1')
    const error = await failure(backend)
    expect(isLeaseholdError(error, 'BACKEND_UNAVAILABLE')).toBe(true)
    expect((error as Error).message).toContain('READONLY')
    await ask('replicaof', 'no', 'one')
    expect(await backend.release(claim)).toBe(true)
  })
})

describe('a user limited to the documented commands, keys and channels', () => {
  it('can do everything', async () => {
    const limited = { username: 'limited', password: PASSWORD }
    const [one, other] = [createLocks(open(limited)), createLocks(open(limited), { pollMs: 60_000 })]
    const lease = await one.named('limited').acquire({ metadata: { who: 'a' } })
    await lease.renew()
    expect(await other.named('limited').inspect()).toMatchObject([{ metadata: { who: 'a' } }])
    const next = other.named('limited').acquire()
    await until('it stands in line', async () => (await ask('llen', keyNames('leasehold:', 'limited').queue)) === '1')
    expect(await lease.release()).toBe('released')
    expect(await (await next).release()).toBe('released')
    const group = await allOf(one, ['limited', 'too']).acquire()
    expect(await group.release()).toBe('released')
    const both = await Promise.all(['limited', 'too'].map((key) => one.named(key).acquire()))
    expect(await Promise.all(both.map((each) => each.release()))).toEqual(['released', 'released'])
  })
})

describe('a server out of memory', () => {
  it('still renews and releases', async () => {
    const backend = open()
    const [held, waiting] = [claimOn('full'), claimOn('full')]
    await backend.tryAcquire(held, terms(30_000))
    const stop = new AbortController()
    const turn = backend.waitForTurn?.(waiting, terms(), stop.signal)?.catch(() => undefined)
    await until('it stands in line', async () => (await ask('llen', keyNames('leasehold:', 'full').queue)) === '1')
    await ask('config', 'set', 'maxmemory', '1')
    const refused = await backend.tryAcquire(claimOn('another'), terms()).catch((error: Error) => error.message)
    const [renewal] = await backend.renew([{ ...held, ttlMs: 60_000 }])
    const released = await backend.release(held)
    await ask('config', 'set', 'maxmemory', '0')
    stop.abort()
    await turn
    expect(refused).toContain('OOM')
    expect(renewal).toMatchObject({ granted: true, ttlMs: 60_000 })
    expect(released).toBe(true)
  })
})
