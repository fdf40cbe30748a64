import { Duration, Effect, ManagedRuntime } from 'effect'
import { DistributedSemaphore, RedisBacking } from 'effect-distributed-lock'
import { Redis } from 'ioredis'
import { MultiSemaphore, Semaphore } from 'redis-semaphore'
import { TTL_MS } from '../parts.ts'
import type { Rival } from '../subject.ts'

/** An object for each attempt, as its documentation has it. Who waits asks again every 10 ms, for 10 s at most. */
function redisSemaphore(url: string): Rival {
  const client = new Redis(url)
  const options = { lockTimeout: TTL_MS }
  return {
    name: 'redis-semaphore',
    async cycle(key, take, of) {
      const taking =
        take === 1 ? new Semaphore(client, key, of, options) : new MultiSemaphore(client, key, of, take, options)
      await taking.acquire()
      await taking.release()
    },
    close: async () => client.disconnect(),
  }
}

/** `withPermits`, which it recommends. Who waits is told of a release, over a connection of its own, and asks again every 100 ms. */
function effectDistributedLock(url: string): Rival {
  const client = new Redis(url)
  const runtime = ManagedRuntime.make(RedisBacking.layer(client))
  const known = new Map<string, Promise<DistributedSemaphore.DistributedSemaphore>>()
  const semaphoreOf = (key: string, of: number) => {
    const made =
      known.get(key) ?? runtime.runPromise(DistributedSemaphore.make(key, { limit: of, ttl: Duration.millis(TTL_MS) }))
    known.set(key, made)
    return made
  }
  return {
    name: 'effect-distributed-lock',
    async cycle(key, take, of) {
      const semaphore = await semaphoreOf(key, of)
      await runtime.runPromise(semaphore.withPermits(take)(Effect.void))
    },
    async close() {
      await runtime.dispose()
      client.disconnect()
    },
  }
}

export const redisRivals = (url: string): readonly Rival[] => [redisSemaphore(url), effectDistributedLock(url)]
