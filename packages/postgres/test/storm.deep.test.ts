import { checkHistory } from '@leasehold/core/conformance'
import { afterAll, expect, it } from 'vitest'
import { openDatabase } from './database.ts'
import { storm } from './storm.ts'

const [database, other] = [await openDatabase(), await openDatabase()]
afterAll(() => Promise.all([database.stop(), other.stop()]))

it('advisory locks make tokens that increase and leases that do not overlap, while sessions are ended at random for long', async () => {
  const events = await storm(database, 150)
  expect(events.filter(({ type }) => type === 'granted').length).toBeGreaterThan(150)
  expect(checkHistory(events)).toEqual([])
})

it('advisory locks that are read keep writers out, and readers out of writes, while sessions are ended at random for long', async () => {
  const events = await storm(other, 100, 3)
  expect(events.filter(({ type }) => type === 'granted').length).toBeGreaterThan(100)
  expect(checkHistory(events)).toEqual([])
})
