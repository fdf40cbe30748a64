import { setTimeout as pause } from 'node:timers/promises'
import { createLocks, election, type Locks } from '@leasehold/core'
import { MemoryStore, memoryBackend } from '@leasehold/core/memory'
import { expect, it } from 'vitest'
import { sweepKey, sweepWhileLeading } from '../src/lead-sweep.ts'
import { TEST_CARDS } from '../src/payment/bank.ts'
import { fewAtOnce } from '../src/payment/few-at-once.ts'

const SALE = { name: 'sale', holdMs: 300, sweepMs: 5 }

const servers = (count: number): Locks[] => {
  const store = new MemoryStore()
  return Array.from({ length: count }, () => createLocks(memoryBackend({ store }), { ttlMs: 300, autoRenew: false }))
}

it('of all servers one sweeps, and another goes on when that one stops', async () => {
  const swept: string[] = []
  const begin = (locks: Locks, node: string) =>
    sweepWhileLeading({ locks, sale: SALE, node }, async () => {
      swept.push(node)
    })
  const [one, other] = servers(2) as [Locks, Locks]
  const stop = begin(one, 'one')
  await expect.poll(() => swept.length).toBeGreaterThan(3)
  const stopOther = begin(other, 'other')
  await pause(50)
  expect(new Set(swept)).toEqual(new Set(['one']))
  expect(await election(other, sweepKey('sale')).leader()).toMatchObject({ value: { node: 'one' } })
  await stop()
  await expect.poll(() => swept.at(-1)).toBe('other')
  const before = swept.length
  await stopOther()
  await pause(20)
  expect(swept.slice(before).length).toBeLessThan(2)
  await Promise.all([one.close(), other.close()])
})

it('a sweep that fails is tried again by the same server', async () => {
  let tries = 0
  const [locks] = servers(1) as [Locks]
  const stop = sweepWhileLeading({ locks, sale: SALE, node: 'one' }, async () => {
    tries += 1
    if (tries < 3) throw new Error('the database is away')
  })
  await expect.poll(() => tries).toBeGreaterThan(3)
  await stop()
  await locks.close()
})

it('the bank takes five payments at once, over all servers, and all that come', async () => {
  let atOnce = 0
  let most = 0
  const bank = {
    async charge() {
      atOnce += 1
      most = Math.max(most, atOnce)
      await pause(5)
      atOnce -= 1
      return 'taken' as const
    },
  }
  const locks = servers(2)
  const banks = locks.map((each) => fewAtOnce(bank, each, 'sale', 60_000))
  const charges = Array.from({ length: 30 }, (_, index) => banks[index % 2]?.charge(TEST_CARDS.pays, 100))
  expect(await Promise.all(charges)).toEqual(charges.map(() => 'taken'))
  expect(most).toBe(5)
  await Promise.all(locks.map((each) => each.close()))
})

it('where the lock server counts no permits, the bank takes what comes', async () => {
  const memory = memoryBackend({ store: new MemoryStore() })
  const { shares: _, ...capabilities } = memory.capabilities
  const locks = createLocks({ ...memory, capabilities })
  const bank = fewAtOnce({ charge: async () => 'taken' }, locks, 'sale', 60_000)
  expect(await bank.charge(TEST_CARDS.pays, 100)).toBe('taken')
  await locks.close()
})
