import { expect, it } from 'vitest'
import * as cron from '../../../docs/snippets/cron.ts'
import * as election from '../../../docs/snippets/election.ts'
import * as permits from '../../../docs/snippets/permits.ts'
import * as readers from '../../../docs/snippets/shared-holds.ts'

it('readers and writers, as docs/shared-holds.md has them', async () => {
  await Promise.all([readers.setPrice('tea', 2), readers.setPrice('coffee', 4)])
  expect(await Promise.all([readers.total(['tea', 'coffee']), readers.total(['tea'])])).toEqual([6, 2])
  await readers.done()
})

it('permits, as docs/permits.md has them', async () => {
  expect(await Promise.all([permits.pay(1), permits.payMany([2, 3])])).toEqual([
    'charged 1',
    ['charged 2', 'charged 3'],
  ])
  expect((await Promise.all(['a', 'b', 'c'].map(permits.work))).sort()).toEqual([0, 1, 2])
  await permits.done()
})

it('an election, as docs/leader-election.md has it', async () => {
  const stop = new AbortController()
  const terms: (bigint | undefined)[] = []
  const following = election.follow(stop.signal, (term) => terms.push(term))
  const leading = expect(election.leadWhileRunning('a:1', stop.signal)).rejects.toThrow()
  await expect.poll(election.leaderAddress).toEqual({ address: 'a:1' })
  await expect.poll(() => terms.at(-1)).toBeTypeOf('bigint')
  stop.abort()
  await Promise.all([leading, following])
  expect(election.sweeps).toBeGreaterThan(0)
  expect(await election.leaderAddress()).toBeUndefined()
  await election.done()
})

it('a job on many machines, as docs/cron.md has it', async () => {
  expect(await cron.nightly('monday')).toBe(true)
  expect(await cron.nightly('monday')).toBe(false)
  expect(await cron.nightly('tuesday')).toBe(true)
  expect(cron.reports).toEqual(['monday', 'tuesday'])
  await cron.done()
})
