import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { TEST_CARDS } from '../../src/payment/bank.ts'
import { openTestOffice, stateOf, type TestOffice, ticketsFor } from '../office.ts'
import { Visitor } from '../visitor.ts'

/** The path of a booking. */
export function describeCheckout(database: () => Database): void {
  let office: TestOffice
  const visitor = () => new Visitor(office.address)

  beforeAll(async () => {
    office = await openTestOffice({ holdMs: 60_000, db: database() })
  })
  afterAll(() => office?.[Symbol.asyncDispose]())

  describe('a booking', () => {
    test('goes from hold over payment to tickets', async () => {
      const ada = visitor()
      const hold = await ada.held('A1', 'A2')
      expect((await ada.look(hold)).body).toMatchObject({ state: 'open', seats: ['A1', 'A2'], amountCents: 9600 })
      expect(await ada.pay(hold)).toMatchObject({
        status: 200,
        body: { state: 'paid', payment: 'taken', cardEnding: '4242' },
      })
      expect(await ada.confirm(hold)).toMatchObject({ status: 200, body: { state: 'sold', buyer: 'Ada' } })
      expect(await ticketsFor(office.db, 'A1')).toEqual([hold])
      expect(await ticketsFor(office.db, 'A2')).toEqual([hold])
    })

    test('tells how much time remains, by the clock of the server', async () => {
      const ada = visitor()
      const { body } = await ada.look(await ada.held('A3'))
      expect(body['remainingMs']).toBeTypeOf('number')
      expect(body['remainingMs']).toBeGreaterThan(0)
      expect(body['remainingMs']).toBeLessThanOrEqual(60_000)
    })

    test('never shows the handles of its leases', async () => {
      const ada = visitor()
      const { body } = await ada.hold(['A4'])
      expect(JSON.stringify(body)).not.toContain('holder')
      expect(body).not.toHaveProperty('handles')
    })

    test('can be given up: the seats come back at once, the money too', async () => {
      const ada = visitor()
      const hold = await ada.held('A5')
      await ada.pay(hold)
      expect(await ada.giveUp(hold)).toMatchObject({
        status: 200,
        body: { state: 'ended', endedBecause: 'given-up', payment: 'refunded' },
      })
      expect((await visitor().hold(['A5'])).status).toBe(201)
      expect((await ada.confirm(hold)).status).toBe(410)
    })

    test('cannot be given up once it is sold', async () => {
      const ada = visitor()
      const hold = await ada.held('A6')
      await ada.pay(hold)
      await ada.confirm(hold)
      expect(await ada.giveUp(hold)).toMatchObject({ status: 409, body: { error: 'already-sold' } })
      expect(await stateOf(office.db, 'A6')).toBe('sold')
    })
  })

  describe('a hold', () => {
    test('takes all of its seats or none', async () => {
      await visitor().held('B2')
      expect(await visitor().hold(['B1', 'B2', 'B3'])).toMatchObject({ status: 409, body: { error: 'seats-taken' } })
      expect((await visitor().hold(['B1', 'B3'])).status).toBe(201)
    })

    test('goes to exactly one of thirty who ask at once', async () => {
      const answers = await Promise.all(Array.from({ length: 30 }, () => visitor().hold(['B5'])))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array<number>(29).fill(409)])
    })

    test('is refused for a seat that is sold', async () => {
      const ada = visitor()
      const hold = await ada.held('B6')
      await ada.pay(hold)
      await ada.confirm(hold)
      expect((await visitor().hold(['B6'])).status).toBe(409)
    })
  })

  describe('what is sent twice', () => {
    test('a confirmation: one order, and the same answer', async () => {
      const ada = visitor()
      const hold = await ada.held('C1', 'C2')
      await ada.pay(hold)
      const answers = await Promise.all(Array.from({ length: 10 }, () => ada.confirm(hold)))
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(10).fill(200))
      expect((await ada.confirm(hold)).body).toMatchObject({ id: hold, state: 'sold' })
      expect(await ticketsFor(office.db, 'C1')).toEqual([hold])
      expect(await ticketsFor(office.db, 'C2')).toEqual([hold])
    })

    test('a payment: the money is taken once', async () => {
      const ada = visitor()
      const hold = await ada.held('C3')
      const answers = await Promise.all(Array.from({ length: 10 }, () => ada.pay(hold)))
      expect(answers.filter(({ status }) => status !== 200 && status !== 409)).toEqual([])
      expect((await ada.pay(hold)).body).toMatchObject({ state: 'paid' })
      expect(await office.db.query('select hold_id from payments where hold_id = $1', [hold])).toHaveLength(1)
    })
  })

  describe('a payment', () => {
    test('that is declined takes nothing and leaves the hold as it was', async () => {
      const ada = visitor()
      const hold = await ada.held('D1')
      expect(await ada.pay(hold, TEST_CARDS.declined)).toMatchObject({
        status: 402,
        body: { error: 'payment-declined' },
      })
      expect((await ada.look(hold)).body).toMatchObject({ state: 'open', payment: null })
      expect((await ada.pay(hold)).body).toMatchObject({ state: 'paid' })
    })

    test('that is declined three times ends the hold: a bad card cannot keep a seat for ever', async () => {
      const ada = visitor()
      const hold = await ada.held('D2')
      const statuses = [
        await ada.pay(hold, TEST_CARDS.declined),
        await ada.pay(hold, TEST_CARDS.declined),
        await ada.pay(hold, TEST_CARDS.declined),
      ]
      expect(statuses.map(({ status }) => status)).toEqual([402, 402, 410])
      expect((await visitor().hold(['D2'])).status).toBe(201)
    })

    test('must come before the confirmation', async () => {
      const ada = visitor()
      expect(await ada.confirm(await ada.held('D3'))).toMatchObject({ status: 409, body: { error: 'not-paid' } })
    })
  })
}
