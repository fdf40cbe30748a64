import { createHash, randomBytes } from 'node:crypto'
import { createLocks } from '@leasehold/core'
import { redisBackend } from '@leasehold/redis'
import { startRedis } from '@leasehold/test-services'
import { Redis } from 'ioredis'
import type { Raw, Subject } from '../subject.ts'
import { redisRivals } from './redis-rivals.ts'

const RELEASE = `if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0`
const RELEASE_SHA = createHash('sha1').update(RELEASE).digest('hex')
/** Frees the key and tells whoever listens: the shortest way to push. */
const PASS = `redis.call('DEL', KEYS[1]) return redis.call('PUBLISH', KEYS[2], '')`
const BATON = 'baton'

export const redis: Subject = {
  name: 'redis',
  limit: 'SET NX PX and EVALSHA; PUBLISH hands over; BLPOP passes the baton in the crowd',
  goals: { sequential: { most: 1.1 }, atOnce: { least: 2 }, handover: { most: 1.15 }, crowd: { least: 1 } },
  start: () => startRedis({ own: true }),
  locks: (url) => createLocks(redisBackend({ client: new Redis(url, { lazyConnect: true }) })),
  rivals: redisRivals,
  async raw(url) {
    const one = new Redis(url)
    await one.script('LOAD', RELEASE)
    const cycle = async (key: string) => {
      const holder = randomBytes(16).toString('hex')
      await one.set(key, holder, 'PX', 30_000, 'NX')
      await one.evalsha(RELEASE_SHA, 1, key, holder)
    }
    const [other, ear] = [new Redis(url), new Redis(url)]
    await ear.subscribe(BATON)
    return {
      cycle,
      async handover(idle) {
        const taken = new Promise<number>((resolve) => {
          ear.once('message', async () => {
            await other.set('handover', 'other', 'PX', 30_000, 'NX')
            resolve(performance.now())
          })
        })
        await one.set('handover', 'one', 'PX', 30_000)
        await idle()
        const givenMs = performance.now()
        await one.eval(PASS, 2, 'handover', BATON)
        return (await taken) - givenMs
      },
      crowd: (callers, turn, stopped) => crowd(url, callers, turn, stopped),
      close: async () => {
        one.disconnect()
        other.disconnect()
        ear.disconnect()
      },
    }
  },
}

async function crowd(
  url: string,
  callers: number,
  turn: (caller: number) => void,
  stopped: () => boolean,
): ReturnType<NonNullable<Raw['crowd']>> {
  const contend = async (caller: number) => {
    const redis = new Redis(url)
    while (!stopped()) {
      if ((await redis.blpop(BATON, 2)) === null) continue
      turn(caller)
      await redis.lpush(BATON, 'x')
    }
    redis.disconnect()
  }
  const first = new Redis(url)
  if ((await first.set('baton-made', '1', 'NX')) === 'OK') await first.lpush(BATON, 'x')
  first.disconnect()
  await Promise.all(Array.from({ length: callers }, (_, caller) => contend(caller)))
}
