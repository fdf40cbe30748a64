import { setImmediate as turnOfTheLoop } from 'node:timers/promises'
import { type Advice, createLocks, type LockBackend, systemClock } from '@leasehold/core'
import { virtualTime } from '@leasehold/core/conformance'
import { startRedisReplica, until } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
import { Doctor } from '../src/doctor.ts'
import { redisBackend } from '../src/index.ts'
import { startStanding, visit } from './standing.ts'

const standing = await startStanding()
const { ask, server } = standing
afterAll(standing.stop)

/** What the backend tells from now on. */
function adviceOf(backend: LockBackend): Advice[] {
  const advice: Advice[] = []
  backend.attach?.({ clock: systemClock, lost: () => {}, advise: (each) => void advice.push(each) })
  return advice
}

/** What is told about a server; asked as a user who may, or may not, look. */
async function adviceAt(url: string, options: object = {}): Promise<Advice[]> {
  const connectionName = 'examined'
  const client = new Redis(url, { lazyConnect: true, connectionName, ...options })
  const backend = redisBackend({ client })
  const advice = adviceOf(backend)
  // The look was sent before the first answer came; what follows it is one more trip.
  for (let trip = 0; trip < 3; trip += 1) await backend.inspect?.('any')
  await backend.close?.()
  return advice
}

const codes = async (...told: Parameters<typeof adviceAt>) => (await adviceAt(...told)).map(({ code }) => code).sort()

describe('the doctor', () => {
  it('has nothing to say about a server that keeps its data and evicts none', async () => {
    expect(await codes(server.url)).toEqual([])
  })

  it('names an eviction policy that may drop locks, and only where memory is limited', async () => {
    await ask('config', 'set', 'maxmemory-policy', 'volatile-ttl')
    expect(await codes(server.url)).toEqual([])
    await ask('config', 'set', 'maxmemory', '100mb')
    const [advice] = await adviceAt(server.url)
    await ask('config', 'set', 'maxmemory-policy', 'noeviction', 'maxmemory', '0')
    expect(advice).toMatchObject({ code: 'EVICTION', message: expect.stringContaining('volatile-ttl') })
  })

  it('names a replica, and a server without persistence', async () => {
    await using replica = await startRedisReplica(server, { settings: { save: '""' } })
    expect(await codes(replica.url)).toEqual(['NO_PERSISTENCE', 'REPLICA'])
  })

  it('does not warn of a failover, which leads to replicas for moments, but of one that does not end', async () => {
    const { clock, pass } = virtualTime()
    const advice: Advice[] = []
    const doctor = new Doctor({ clock, advise: (each) => void advice.push(each) })
    const meet = async (role: string) => {
      doctor.examine({ call: async () => `role:${role}\r\naof_enabled:1` })
      await turnOfTheLoop()
      await turnOfTheLoop()
    }
    for (const role of ['master', 'slave', 'slave', 'master', 'slave']) {
      await meet(role)
      await pass(20_000)
    }
    expect(advice).toEqual([])
    await pass(20_000)
    await meet('slave')
    await meet('slave')
    expect(advice.map(({ code }) => code)).toEqual(['REPLICA'])
  })

  it('says each thing once, however often connections break', async () => {
    await ask('config', 'set', 'save', '')
    const client = new Redis(server.url, { lazyConnect: true, connectionName: 'often' })
    const backend = redisBackend({ client })
    const advice = adviceOf(backend)
    for (let life = 0; life < 3; life += 1) {
      await visit(backend, 'often')
      await until('it is told', () => advice.length > 0)
      await ask('client', 'kill', 'type', 'normal')
      await until('the end is noticed', () => visit(backend, 'often').then(Boolean, () => false))
    }
    await backend.close?.()
    await ask('config', 'set', 'save', '3600 1')
    expect(advice.map(({ code }) => code)).toEqual(['NO_PERSISTENCE'])
  })

  it('is silent where it may not look, and keeps nobody from locking', async () => {
    await ask('config', 'set', 'save', '')
    await ask('acl', 'setuser', 'blind', 'on', 'nopass', '~*', '&*', '+@all', '-info', '-config')
    expect(await codes(server.url, { username: 'blind', password: 'any' })).toEqual([])
    await ask('config', 'set', 'save', '3600 1')
  })

  it('warns the process of what costs locks, where nobody listens', async () => {
    await using replica = await startRedisReplica(server)
    const warning = new Promise<Error>((resolve) => process.once('warning', resolve))
    await using locks = createLocks(redisBackend({ client: new Redis(replica.url, { lazyConnect: true }) }))
    await locks.named('any').inspect()
    expect(await warning).toMatchObject({ name: 'LeaseholdWarning', code: 'REPLICA' })
  })

  it('tells who asked instead', async () => {
    await using replica = await startRedisReplica(server)
    const advice: Advice[] = []
    const onAdvice = (each: Advice) => advice.push(each)
    const client = new Redis(replica.url, { lazyConnect: true })
    await using locks = createLocks(redisBackend({ client }), { onAdvice })
    await locks.named('any').inspect()
    await until('it is told', () => advice.length > 0)
    expect(advice).toMatchObject([{ code: 'REPLICA', costsLocks: true }])
  })
})
