import { AsyncLocalStorage } from 'node:async_hooks'
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { virtualTime } from '../src/conformance/time.ts'
import { createLocks, type LockBackend, type LockEvent } from '../src/index.ts'
import { MemoryStore, memoryBackend } from '../src/memory/index.ts'

it('timers, the observer and abort listeners run in no caller’s context; a caller goes on in its own', async () => {
  const request = new AsyncLocalStorage<string>()
  const seen = new Set<string>()
  const note = (what: string) => void seen.add(`${what} in ${request.getStore() ?? 'none'}`)
  const time = virtualTime()
  const memory = memoryBackend({ store: new MemoryStore({ clock: time.clock }) })
  const renew: LockBackend['renew'] = (...renewal) => {
    note('renew')
    return memory.renew(...renewal)
  }
  const onEvent = ({ type, key }: LockEvent) => note(`${type} ${key}`)
  const locks = createLocks({ ...memory, renew }, { clock: time.clock, ttlMs: 120, onEvent })
  const as = <T>(name: string, work: () => Promise<T>) => request.run(name, work)

  await as('A', async () => (await locks.named('a').acquire()).release())
  const held = await as('B', () => locks.named('b').acquire())
  const waiting = as('C', async () => {
    const lease = await locks.named('b').acquire()
    note('C goes on')
    return lease
  })
  const doomed = await as('D', () => locks.named('d').acquire({ autoRenew: false }))
  as('D', async () => doomed.signal.addEventListener('abort', () => note('abort of d')))
  await time.pass(200)
  await as('B', () => held.release())
  const lease = await waiting
  as('C', async () => lease.signal.addEventListener('abort', () => note('abort of b')))
  await as('E', () => locks.close())
  const own = new Set(['C goes on in C'])
  expect([...seen].filter((what) => !own.has(what) && !what.endsWith('in none'))).toEqual([])
  expect([...seen]).toEqual(
    expect.arrayContaining(['renew in none', 'lost d in none', 'abort of d in none', 'abort of b in none', ...own]),
  )
})

it('the store of a request can be collected when the request is over, though a lease of it lives on', () => {
  const from = (path: string) => JSON.stringify(new URL(path, import.meta.url).href)
  const source = `
    import { AsyncLocalStorage } from 'node:async_hooks'
    import { createLocks } from ${from('../src/index.ts')}
    import { memoryBackend } from ${from('../src/memory/index.ts')}
    const als = new AsyncLocalStorage()
    const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
    let renewed = 0
    const onEvent = ({ type }) => { if (type === 'renewed') renewed += 1 }
    const locks = createLocks(memoryBackend(), { ttlMs: 3_000, onEvent })
    const leases = []
    const stores = []
    async function request(key) {
      const store = { key }
      stores.push(new WeakRef(store))
      await als.run(store, async () => void leases.push(await locks.named(key).acquire()))
    }
    for (const key of ['a', 'b', 'c']) await request(key)
    await leases[0].release()
    while (renewed < 2) await sleep(10)
    for (let round = 0; round < 3; round += 1) {
      gc()
      await sleep(10)
    }
    console.log('alive:', stores.filter((each) => each.deref()).length, 'held:', leases.filter((each) => each.remainingMs > 0).length)
    await locks.close()`
  const args = ['--expose-gc', '--import', 'tsx', '--input-type=module', '--eval', source]
  expect(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout).toBe('alive: 0 held: 2\n')
})
