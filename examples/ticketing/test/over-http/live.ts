import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { SeatMap } from '../../src/race/seat-map.ts'
import { openTestOffice, type TestOffice } from '../office.ts'
import { Visitor } from '../visitor.ts'

/** What seat maps are told. */
export function describeLiveMap(database: () => Database): void {
  const PATIENCE = { timeout: 120_000, interval: 25 }

  let office: TestOffice
  const visitor = () => new Visitor(office.address)

  beforeAll(async () => {
    office = await openTestOffice({ holdMs: 60_000, db: database() })
  })
  afterAll(() => office?.[Symbol.asyncDispose]())

  test('the seat map begins with every seat', async () => {
    await using map = await SeatMap.open(office.address)
    expect(map.free).toHaveLength(240)
  })

  test('everybody sees a hold, and its end, without asking', async () => {
    await using one = await SeatMap.open(office.address)
    await using other = await SeatMap.open(office.address)
    await visitor().held('A1')
    for (const map of [one, other]) await expect.poll(() => map.free.includes('A1'), PATIENCE).toBe(false)
    await office.runOut()
    for (const map of [one, other]) await expect.poll(() => map.free.includes('A1'), PATIENCE).toBe(true)
  })

  test('whoever was cut off has missed nothing once he is back', async () => {
    const before = await SeatMap.open(office.address)
    await before[Symbol.asyncDispose]()
    const ada = visitor()
    const hold = await ada.held('B1')
    await ada.pay(hold)
    await ada.confirm(hold)
    await using after = await SeatMap.open(office.address)
    expect(after.free).not.toContain('B1')
    expect(after.free).toHaveLength(239)
  })

  test('the events are ones that a browser reconnects by itself to read', async () => {
    const stop = new AbortController()
    const response = await fetch(`${office.address}/api/live`, { signal: stop.signal })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const { value } = (await response.body?.getReader().read()) ?? {}
    expect(new TextDecoder().decode(value)).toMatch(/^retry: \d+$/m)
    stop.abort()
  })
}
