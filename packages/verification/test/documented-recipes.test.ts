import { readFileSync } from 'node:fs'
import { describeFault, drawFault, type Fault, searchHistory } from '@leasehold/core/conformance'
import { expect, it } from 'vitest'
import * as histories from '../../../docs/snippets/checking-histories.ts'
import * as cron from '../../../docs/snippets/cron.ts'
import * as election from '../../../docs/snippets/election.ts'
import * as operators from '../../../docs/snippets/operators.ts'
import * as permits from '../../../docs/snippets/permits.ts'
import * as severalKeys from '../../../docs/snippets/several-keys.ts'
import * as readers from '../../../docs/snippets/shared-holds.ts'
import * as waiting from '../../../docs/snippets/waiting.ts'

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

it('a wait with an end, as docs/waiting.md has it', async () => {
  const both = await Promise.all([waiting.importWithin(10_000, 'a'), waiting.importWithin(0, 'b')])
  expect(both).toEqual([true, false])
  expect(waiting.loaded).toEqual(['a'])
  const gaveUp = AbortSignal.abort(new Error('enough'))
  await expect(waiting.importWithin(10_000, 'c', gaveUp)).rejects.toThrow('enough')
  await waiting.done()
})

it('several keys at once, as docs/several-keys.md has them', async () => {
  const { transfer, balanceOf, hold, buy } = severalKeys
  await Promise.all([transfer('ada', 'bob', 3), transfer('bob', 'ada', 1), transfer('ada', 'bob', 2)])
  expect([balanceOf('ada'), balanceOf('bob')]).toEqual([-4, 4])
  const handles = await hold(['A1', 'A2'])
  expect(await hold(['A2', 'A3'])).toBeNull()
  expect(await buy(JSON.parse(JSON.stringify(handles)))).toBe(true)
  expect(await buy(handles ?? [])).toBe(false)
  await severalKeys.done()
})

it('what operators do, as docs/operators.md has it', async () => {
  const { convert, held, free, load, shutDown, told } = operators
  const converting = expect(convert('a.pdf', 1_000_000)).rejects.toMatchObject({ code: 'LEASE_LOST' })
  await expect.poll(() => held('convert ')).toEqual([expect.stringMatching(/^convert a\.pdf: \d+ ms, .*"page":[1-9]/)])
  expect(load()).toMatch(/^1 of \d+ leases, 0 wait$/)
  expect(await free('convert a.pdf', 'T-1')).toBe(1)
  await converting
  expect(told).toEqual(['convert a.pdf: lost, forced stuck: T-1'])
  expect(await free('convert a.pdf', 'T-2')).toBe(0)
  const last = convert('b.pdf', 1_000_000)
  await expect.poll(() => held('convert b')).toHaveLength(1)
  await shutDown()
  await last
  expect(told).toHaveLength(1)
})

it('a history and what is wrong with it, as docs/checking-histories.md has them', async () => {
  const documented = (path: string) => readFileSync(new URL(`../../../docs/${path}`, import.meta.url), 'utf8')
  expect(await histories.contend()).toEqual([])
  const [fault] = searchHistory(histories.twoHolders).faults
  expect(documented('checking-histories.md')).toContain(`\n${describeFault(fault as Fault)}\n`)
  expect(documented('pictures/two-holders.svg')).toBe(drawFault(fault as Fault))
})
