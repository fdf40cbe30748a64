import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { TEST_CARDS } from '../../src/payment/bank.ts'
import { openTestOffice, stateOf, type TestOffice, ticketsFor } from '../office.ts'
import { Visitor } from '../visitor.ts'

/** Holds whose time is over. */
export function describeExpiry(database: () => Database): void {
  const PATIENCE = { timeout: 120_000, interval: 25 }

  let office: TestOffice
  const visitor = () => new Visitor(office.address)
  const seatState = (seat: string) => expect.poll(() => stateOf(office.db, seat), PATIENCE)

  /** Comes back until the seat is free, and buys it. */
  async function buyWhenFree(seat: string): Promise<string> {
    const buyer = visitor()
    await expect.poll(async () => (await buyer.hold([seat])).status, PATIENCE).toBe(201)
    const [row] = await office.db.query<{ hold: string }>('select held_by as hold from seats where id = $1', [seat])
    const hold = String(row?.hold)
    await buyer.pay(hold)
    expect((await buyer.confirm(hold)).status).toBe(200)
    return hold
  }

  beforeAll(async () => {
    office = await openTestOffice({ holdMs: 60_000, db: database() })
  })
  afterAll(() => office?.[Symbol.asyncDispose]())

  test('a hold whose visitor walked away runs out, and its seats come back', async () => {
    const ada = visitor()
    const hold = await ada.held('A1', 'A2')
    await office.runOut()
    await seatState('A1').toBe('free')
    expect((await ada.look(hold)).body).toMatchObject({ state: 'ended', endedBecause: 'expired', payment: null })
    expect((await visitor().hold(['A1', 'A2'])).status).toBe(201)
  })

  test('a hold that was paid and never confirmed is paid back when it runs out', async () => {
    const ada = visitor()
    const hold = await ada.held('A3')
    expect((await ada.pay(hold)).status).toBe(200)
    await office.runOut()
    await seatState('A3').toBe('free')
    expect((await ada.look(hold)).body).toMatchObject({ state: 'ended', payment: 'refunded' })
    expect(await ada.confirm(hold)).toMatchObject({ status: 410, body: { error: 'hold-ended' } })
    expect(await ticketsFor(office.db, 'A3')).toEqual([])
  })

  test('a payment that outlasts the hold is refunded', async () => {
    const ada = visitor()
    const hold = await ada.held('A4')
    const paying = ada.pay(hold, TEST_CARDS.slowerThanTheHold)
    await office.slowBank.reached()
    await office.runOut()
    await seatState('A4').toBe('free')
    office.slowBank.open()
    expect(await paying).toMatchObject({ status: 410, body: { error: 'hold-ended' } })
    expect((await ada.look(hold)).body).toMatchObject({ state: 'ended', payment: 'refunded', cardEnding: '0408' })
  })

  test('a checkout that froze until somebody else bought its seat is refused by the fence', async () => {
    const ada = visitor()
    const stale = await ada.held('A5')
    await ada.pay(stale, TEST_CARDS.freezesTheCheckout)
    const confirming = ada.confirm(stale)
    await office.frozenCheckout.reached()
    await office.runOut()
    const winner = await buyWhenFree('A5')
    office.frozenCheckout.open()
    const late = await confirming
    expect(late).toMatchObject({ status: 410, body: { error: 'hold-ended' } })
    expect((await ada.look(stale)).body).toMatchObject({ state: 'ended', refusedWrite: 'stale', payment: 'refunded' })
    expect(await ticketsFor(office.db, 'A5')).toEqual([winner])
  })

  test('a checkout that froze is refused even where nobody else came: its money is back already', async () => {
    const ada = visitor()
    const stale = await ada.held('B1', 'B2')
    await ada.pay(stale, TEST_CARDS.freezesTheCheckout)
    const late = ada.confirm(stale)
    await office.frozenCheckout.reached()
    await office.runOut()
    await seatState('B1').toBe('free')
    office.frozenCheckout.open()
    expect((await late).status).toBe(410)
    expect((await ada.look(stale)).body).toMatchObject({ state: 'ended', refusedWrite: 'stale', payment: 'refunded' })
    expect(await stateOf(office.db, 'B1')).toBe('free')
    expect(await ticketsFor(office.db, 'B1')).toEqual([])
  })

  test('of several seats, one that somebody else took is enough to refuse the whole late sale', async () => {
    const ada = visitor()
    const stale = await ada.held('B5', 'B6')
    await ada.pay(stale, TEST_CARDS.freezesTheCheckout)
    const confirming = ada.confirm(stale)
    await office.frozenCheckout.reached()
    await office.runOut()
    const winner = await buyWhenFree('B6')
    office.frozenCheckout.open()
    const late = await confirming
    expect(late.status).toBe(410)
    expect(await ticketsFor(office.db, 'B5')).toEqual([])
    expect(await ticketsFor(office.db, 'B6')).toEqual([winner])
  })

  test('a late sale is refused although the newer hold has not bought yet', async () => {
    const [ada, grace] = [visitor(), visitor()]
    const stale = await ada.held('C5')
    await ada.pay(stale, TEST_CARDS.freezesTheCheckout)
    const late = ada.confirm(stale)
    await office.frozenCheckout.reached()
    await office.runOut()
    await expect.poll(async () => (await grace.hold(['C5'])).status, PATIENCE).toBe(201)
    office.frozenCheckout.open()
    expect((await late).status).toBe(410)
    expect((await ada.look(stale)).body).toMatchObject({ state: 'ended', refusedWrite: 'stale', payment: 'refunded' })
    expect(await ticketsFor(office.db, 'C5')).toEqual([])
  })
}
