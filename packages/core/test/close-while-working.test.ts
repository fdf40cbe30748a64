import { afterEach, beforeEach, expect, it } from 'vitest'
import { annotate, createLocks } from '../src/index.ts'
import { memoryBackend } from '../src/memory/index.ts'

const unhandled: unknown[] = []
const collect = (reason: unknown) => void unhandled.push(reason)

beforeEach(() => {
  process.on('unhandledRejection', collect)
})

afterEach(() => {
  process.off('unhandledRejection', collect)
})

it('a release that fails while close waits for work is reported, and not left to nobody', async () => {
  const backend = memoryBackend()
  const release = async () => Promise.reject(new Error('gone away'))
  const locks = createLocks({ ...backend, release, releaseAll: release }, { requestTimeoutMs: 50 })
  await locks.named('held').acquire()
  let end = () => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  const working = locks.named('worked on').run(() => ended)
  working.catch(() => {})
  await new Promise((resolve) => setImmediate(resolve))
  const closing = locks.close({ drainMs: 60_000 })
  // The releases that fail are repeated for half the time of a request.
  await new Promise((resolve) => setTimeout(resolve, 200))
  end()
  const { unreleased } = await closing
  expect(unreleased.map(({ key }) => key)).toContain('held')
  expect(unhandled).toEqual([])
})

it('work that close waits for tells how far it is, as long as it has its lease', async () => {
  const locks = createLocks(memoryBackend())
  await using others = createLocks(memoryBackend())
  const shown: unknown[] = []
  const working = locks.named('long').run(async (lease) => {
    await new Promise((resolve) => lease.signal.addEventListener('abort', resolve))
    await annotate(lease, { page: 2 })
    shown.push(await others.named('long').inspect())
    return lease
  })
  await new Promise((resolve) => setImmediate(resolve))
  await locks.close()
  const lease = await working
  expect(shown).toMatchObject([[{ metadata: { page: 2 } }]])
  await expect(annotate(lease, { page: 3 })).rejects.toMatchObject({ code: 'LEASE_ENDED' })
})
