import { startPostgresWithClock, until } from '@leasehold/test-services'
import type pg from 'pg'
import { afterAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ServerClock } from '../src/advisory/server-clock.ts'
import { openAdvisory, openAltered } from './advisory.ts'
import { claimOn, openOwn, terms } from './database.ts'

const server = await startPostgresWithClock()
const { stop } = await openOwn(server)
afterAll(stop)
beforeEach(() => server.shiftClock(0))

const MINUTE_MS = 60_000

describe('what is known of the clock of a server', () => {
  it('is that it was set, and by how much, where it cannot be that an answer was late or that clocks run at different rates', () => {
    const clock = new ServerClock()
    expect(clock.read(1_000_000, 100, 110)).toBe(0)
    // Asked at 1000, answered at 9000: the server may have told its time at any moment between.
    expect(clock.read(1_000_950, 1000, 9000)).toBe(0)
    expect(clock.read(1_010_150, 10_000, 10_010)).toBe(0)
    // By half a thousandth faster, for ten minutes.
    expect(clock.read(1_610_590, 610_000, 610_010)).toBe(0)
    expect(clock.read(1_711_000, 611_000, 611_010)).toBeCloseTo(99_400, -2)
    expect(clock.read(1_712_000, 612_000, 612_010)).toBe(0)
    expect(clock.read(1_702_000, 613_000, 613_010)).toBeCloseTo(-11_000, -2)
    expect(clock.read(Number.NaN, 614_000, 614_010)).toBe(0)
  })
})

describe('the clock of the server', () => {
  it('is known to have jumped when the next lease of a session is renewed: it is in jeopardy once, and goes on', async () => {
    const { locks, events } = openAdvisory(server.url, 'sees the jump')
    onTestFinished(() => void locks.close())
    const lease = await locks.named('seen').acquire({ ttlMs: 6000 })
    await lease.renew()
    const jump = async (ms: number, told: RegExp) => {
      events.length = 0
      await server.shiftClock(ms)
      await until('it is in jeopardy', () => events.some(({ type }) => type === 'jeopardy'))
      await until('it was renewed', () => events.at(-1)?.type === 'renewed')
      // It may have been renewed just before.
      const since = events.slice(events.findIndex(({ type }) => type === 'jeopardy'))
      expect(since.map(({ type }) => type)).toEqual(['jeopardy', 'renewed'])
      const [jeopardy] = since
      expect(jeopardy?.type === 'jeopardy' && jeopardy.error.message).toMatch(told)
    }
    await jump(100_000, /the clock of the server was set forward by (99|100)/)
    await jump(0, /set back by (99|100)/)
    lease.assertHeld()
    expect(await lease.release()).toBe('released')
  })

  it('that jumped makes all sessions of the process heard at once', async () => {
    const heard = new Set<pg.Client>()
    const backend = openAltered(server.url, 'leasehold', 'is heard', (statement, send, client) => {
      if (statement === 'beat') heard.add(client)
      return send()
    })
    onTestFinished(() => backend.close?.())
    const [short, long] = [claimOn('short'), claimOn('long')]
    await backend.tryAcquire(short, terms(MINUTE_MS))
    await backend.tryAcquire(long, terms(2 * MINUTE_MS))
    await server.shiftClock(100_000)
    heard.clear()
    await expect(backend.renew([{ ...short, ttlMs: MINUTE_MS }])).rejects.toThrow('set forward')
    await until('the other session was heard', () => heard.size === 2)
    // Its leases are told by their next renewal.
    await expect(backend.renew([{ ...long, ttlMs: 2 * MINUTE_MS }])).rejects.toThrow('set forward')
    const both = [
      { ...short, ttlMs: MINUTE_MS },
      { ...long, ttlMs: 2 * MINUTE_MS },
    ]
    expect(await backend.renew(both)).toMatchObject([{ granted: true }, { granted: true }])
  })
})

describe('the system of the server', () => {
  it('is told to end the connection of a process that is cut off, which does not depend on a clock', async () => {
    const clients: pg.Client[] = []
    const backend = openAltered(server.url, 'leasehold', 'told', (_, send) => send(), clients)
    onTestFinished(() => backend.close?.())
    const claim = claimOn('told')
    await backend.tryAcquire(claim, terms(5000))
    const shown = async (name: string) => (await clients[0]?.query({ text: `show ${name}` }))?.rows[0]?.[name]
    expect(await shown('tcp_user_timeout')).toBe('5500')
    expect(await shown('tcp_keepalives_idle')).toBe('2')
    expect(await shown('tcp_keepalives_interval')).toBe('1')
    await backend.release(claim)
    await until('nothing is held', async () => (await shown('tcp_user_timeout')) === '0')
  })
})
