import type { LockBackend } from '@leasehold/core'
import { memoryBackend } from '@leasehold/core/memory'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Database, DatabaseUnavailable } from '../../src/database/database.ts'
import { TEST_CARDS } from '../../src/payment/bank.ts'
import { OPERATOR_KEY, openTestOffice, stateOf, type TestOffice, ticketsFor } from '../office.ts'
import { Visitor } from '../visitor.ts'

/** Between two steps of a checkout: a server that does not answer, or another request of the same customer. */
export function describeInterruptions(database: () => Database): void {
  let postgres: Database
  let office: TestOffice
  const visitor = () => new Visitor(office.address)

  /** What is to happen, once, before a step is taken. */
  let pending: { readonly step: RegExp; readonly work: () => Promise<unknown> } | undefined
  function interrupt(step: RegExp, work: () => Promise<unknown>): void {
    pending = { step, work }
  }
  async function reach(step: string): Promise<void> {
    const due = pending?.step.test(step) ? pending : undefined
    if (due === undefined) return
    pending = undefined
    await due.work()
  }

  /** Steps are statements outside of transactions, `begin`, and two of what is asked of the lock server. */
  const interruptible = (db: Database): Database => ({
    ...db,
    query: (text, params) => reach(text).then(() => db.query(text, params)),
    transaction: (work) => reach('begin').then(() => db.transaction(work)),
  })
  const memory = memoryBackend()
  const backend: LockBackend = {
    ...memory,
    renew: (renewals) => reach('renew').then(() => memory.renew(renewals)),
    inspect: (key) => reach('inspect').then(() => memory.inspect?.(key) ?? []),
    close: async () => {},
  }

  const databaseIsAway = () => Promise.reject(new DatabaseUnavailable('away, as this test wants it'))
  const lockServerIsAway = () => Promise.reject(new Error('away, as this test wants it'))

  beforeAll(async () => {
    postgres = database()
    office = await openTestOffice({ holdMs: 60_000, db: interruptible(postgres), backend })
  })
  afterEach(() => expect(pending).toBeUndefined())
  afterAll(() => office?.[Symbol.asyncDispose]())

  describe('"try again" is meant: nothing is in the way', () => {
    test.each([
      ['before the leases enter their seats', /^begin$/],
      ['before the hold is written down', /insert into holds/],
    ])('where the database goes away %s', async (_when, step) => {
      interrupt(step, databaseIsAway)
      const ada = visitor()
      expect(await ada.hold(['A1', 'A2'])).toMatchObject({ status: 503, body: { error: 'try-again' } })
      await ada.giveUp(await ada.held('A1', 'A2'))
    })

    test.each([
      ['the lock server goes away as a payment begins', /^renew$/, lockServerIsAway],
      ['the database goes away before the bank is asked', /insert into payments/, databaseIsAway],
    ])('where %s', async (_what, step, isAway) => {
      const ada = visitor()
      const hold = await ada.held('A3')
      interrupt(step, isAway)
      expect(await ada.pay(hold)).toMatchObject({ status: 503, body: { error: 'try-again' } })
      expect((await ada.look(hold)).body).toMatchObject({ state: 'open', payment: null })
      expect(await ada.pay(hold)).toMatchObject({ status: 200, body: { state: 'paid' } })
      await ada.giveUp(hold)
    })
  })

  test('the operator sees who holds what although the lock server does not answer', async () => {
    const ada = visitor()
    const hold = await ada.held('B4')
    interrupt(/^inspect$/, lockServerIsAway)
    const { body } = await ada.send('GET', '/api/operator/holds', undefined, { 'x-operator-key': OPERATOR_KEY })
    expect(body).toMatchObject({ holds: [{ id: hold, seats: ['B4'], locks: ['no-answer'] }] })
    await ada.giveUp(hold)
  })

  test('payments that fail at the same time are all counted', async () => {
    const ada = visitor()
    const hold = await ada.held('B1')
    interrupt(/update holds set state/, async () => {
      expect((await ada.pay(hold, TEST_CARDS.declined)).status).toBe(402)
      expect((await ada.pay(hold, TEST_CARDS.declined)).status).toBe(402)
    })
    expect((await ada.pay(hold, TEST_CARDS.declined)).status).toBe(410)
    expect(await stateOf(postgres, 'B1')).toBe('free')
  })

  test('a hold that is to end, and whose seats are not back yet, cannot be paid', async () => {
    const ada = visitor()
    const hold = await ada.held('B2')
    await postgres.query(`update holds set ended_because = 'given-up' where id = $1`, [hold])
    expect(await ada.pay(hold)).toMatchObject({ status: 410, body: { message: 'You gave these seats back.' } })
    expect(await postgres.query('select state from payments where hold_id = $1', [hold])).toEqual([])
  })

  test('whoever gives the seats back while he pays is told so, and gets his money back', async () => {
    const ada = visitor()
    const hold = await ada.held('B3')
    interrupt(/^begin$/, () => ada.giveUp(hold))
    expect(await ada.pay(hold)).toMatchObject({ status: 410, body: { message: 'You gave these seats back.' } })
    expect((await ada.look(hold)).body).toMatchObject({ state: 'ended', payment: 'refunded' })
  })

  describe.each(['row-lock', 'fenced-lease'] as const)('with %s', (strategy) => {
    let shop: TestOffice

    beforeAll(async () => {
      shop = await openTestOffice({ holdMs: 60_000, db: interruptible(postgres), backend: { ...backend }, strategy })
    })
    afterAll(() => shop?.[Symbol.asyncDispose]())

    test('nobody has both the tickets and the money back, who gives up while he confirms', async () => {
      const ada = new Visitor(shop.address)
      const hold = await ada.held('C1')
      await ada.pay(hold)
      interrupt(/^begin$/, () => ada.giveUp(hold))
      expect(await ada.confirm(hold)).toMatchObject({ status: 410, body: { message: 'You gave these seats back.' } })
      expect((await ada.look(hold)).body).toMatchObject({ state: 'ended', payment: 'refunded' })
      expect(await ticketsFor(postgres, 'C1')).toEqual([])
    })
  })
}
