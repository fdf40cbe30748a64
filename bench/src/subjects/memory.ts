import { createLocks } from '@leasehold/core'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'
import { Mutex, Semaphore } from 'async-mutex'
import type { Rival, Subject } from '../subject.ts'

export const memory: Subject = {
  name: 'memory',
  limit: 'async-mutex, acquire and release',
  goals: { sequential: { most: 2 }, atOnce: { least: 0.5 } },
  start: async () => ({ url: 'memory:', stop: async () => {} }),
  locks: () => createLocks(memoryBackend({ store: new MemoryStore() })),
  rivals: () => [asyncMutex()],
  async raw() {
    const mutexes = new Map<string, Mutex>()
    const mutexOf = (key: string): Mutex => {
      const mutex = mutexes.get(key) ?? new Mutex()
      mutexes.set(key, mutex)
      return mutex
    }
    return {
      cycle: async (key) => (await mutexOf(key).acquire())(),
      close: async () => {},
    }
  },
}

function asyncMutex(): Rival {
  const semaphores = new Map<string, Semaphore>()
  return {
    name: 'async-mutex',
    async cycle(key, take, of) {
      const semaphore = semaphores.get(key) ?? new Semaphore(of)
      semaphores.set(key, semaphore)
      const [, release] = await semaphore.acquire(take)
      release()
    },
    close: async () => {},
  }
}
