import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { OPERATOR_KEY, openTestOffice, stateOf, type TestOffice, ticketsFor } from '../office.ts'
import { type Answer, Visitor } from '../visitor.ts'

/** What the operator sees and does, lines, and orders. */
export function describeBackOffice(database: () => Database): void {
  const PATIENCE = { timeout: 120_000, interval: 25 }

  let office: TestOffice
  const visitor = () => new Visitor(office.address)
  const operator = (method: string, path: string, body?: unknown, key = OPERATOR_KEY): Promise<Answer> =>
    visitor().send(method, `/api/operator${path}`, body, { 'x-operator-key': key })

  interface HoldView {
    readonly id: string
    readonly seats: readonly string[]
    readonly waiting: number
  }

  async function holdOf(seat: string): Promise<HoldView | undefined> {
    const { holds } = (await operator('GET', '/holds')).body as { holds: HoldView[] }
    return holds.find(({ seats }) => seats.includes(seat))
  }

  const waitingFor = async (seat: string): Promise<number> => (await holdOf(seat))?.waiting ?? 0

  beforeAll(async () => {
    office = await openTestOffice({ holdMs: 60_000, db: database() })
  })
  afterAll(() => office?.[Symbol.asyncDispose]())

  describe('the operator', () => {
    test('sees who holds what: server, time, token, fence, and what the lock server says', async () => {
      const id = await visitor().held('A1', 'A2')
      expect(await holdOf('A1')).toMatchObject({
        id,
        seats: ['A1', 'A2'],
        state: 'open',
        heldOn: 'node-1',
        heldMs: expect.any(Number),
        remainingMs: expect.any(Number),
        tokens: [expect.stringMatching(/^\d+$/), expect.stringMatching(/^\d+$/)],
        locks: [{ node: 'node-1', remainingMs: expect.any(Number) }, { node: 'node-1' }],
        waiting: 0,
      })
    })

    test('is nobody else: without the key there is nothing to see, and no handle with it', async () => {
      const id = await visitor().held('A3')
      for (const key of ['', 'wrong', OPERATOR_KEY.slice(1)]) {
        expect(await operator('GET', '/holds', undefined, key)).toMatchObject({ status: 403 })
        expect(await operator('POST', `/holds/${id}/release`, { reason: 'x' }, key)).toMatchObject({ status: 403 })
      }
      expect(await stateOf(office.db, 'A3')).toBe('held')
      expect(JSON.stringify((await operator('GET', '/holds')).body)).not.toContain('holder')
    })

    test('takes seats back with a reason: they are free at once, the customer is told why, and his money goes back', async () => {
      const ada = visitor()
      const id = await ada.held('B1', 'B2')
      await ada.pay(id)
      expect(await operator('POST', `/holds/${id}/release`, { reason: 'The row is broken.' })).toMatchObject({
        status: 200,
      })
      expect((await ada.look(id)).body).toMatchObject({
        state: 'ended',
        endedBecause: 'forced',
        endNote: 'The row is broken.',
        payment: 'refunded',
      })
      expect(await ada.confirm(id)).toMatchObject({ status: 410 })
      expect(await ticketsFor(office.db, 'B1')).toEqual([])
      expect((await visitor().hold(['B1', 'B2'])).status).toBe(201)
    })

    test('gives a reason, and cannot take back what is sold or was never held', async () => {
      const ada = visitor()
      const id = await ada.held('B5')
      expect(await operator('POST', `/holds/${id}/release`, { reason: ' ' })).toMatchObject({ status: 400 })
      await ada.pay(id)
      await ada.confirm(id)
      expect(await operator('POST', `/holds/${id}/release`, { reason: 'Too late.' })).toMatchObject({ status: 409 })
      expect(await operator('POST', `/holds/${'0'.repeat(32)}/release`, { reason: 'x' })).toMatchObject({ status: 404 })
      expect(await ticketsFor(office.db, 'B5')).toEqual([id])
    })
  })

  describe('a line', () => {
    const wait = (seat: string, who = visitor()): Promise<Answer> => who.send('POST', '/api/waits', { seats: [seat] })

    test('is served when the seat is given back; the operator sees how many stand in it', async () => {
      const ada = visitor()
      const id = await ada.held('C1')
      const waits = [wait('C1'), wait('C1')]
      await expect.poll(() => waitingFor('C1'), PATIENCE).toBe(2)
      await ada.giveUp(id)
      const { status, body } = await Promise.race(waits)
      expect(status).toBe(201)
      expect(body).toMatchObject({ seats: ['C1'], state: 'open' })
      expect(body['remainingMs']).toBeGreaterThan(30_000)
      await expect.poll(() => waitingFor('C1'), PATIENCE).toBe(1)
      await operator('POST', `/holds/${body['id']}/release`, { reason: 'The next one, please.' })
      expect((await Promise.all(waits)).map((answer) => answer.status)).toEqual([201, 201])
    })

    test('ends without a seat when that is sold', async () => {
      const ada = visitor()
      const id = await ada.held('C2')
      const waiting = wait('C2')
      await expect.poll(() => waitingFor('C2'), PATIENCE).toBe(1)
      await ada.pay(id)
      await ada.confirm(id)
      expect(await waiting).toMatchObject({ status: 409, body: { error: 'seats-taken' } })
    })

    test('is left by whoever hangs up', async () => {
      await visitor().held('C3')
      const hangUp = new AbortController()
      const waiting = fetch(`${office.address}/api/waits`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ seats: ['C3'] }),
        signal: hangUp.signal,
      })
      await expect.poll(() => waitingFor('C3'), PATIENCE).toBe(1)
      hangUp.abort()
      await expect(waiting).rejects.toThrow()
      await expect.poll(() => waitingFor('C3'), PATIENCE).toBe(0)
    })
  })

  test('a visitor sees his own orders, and nobody else his', async () => {
    const ada = visitor()
    const sold = await ada.held('D1')
    await ada.pay(sold)
    await ada.confirm(sold)
    const open = await ada.held('D2')
    const { body } = await ada.send('GET', '/api/orders')
    expect(body).toMatchObject([
      { id: open, state: 'open' },
      { id: sold, state: 'sold', buyer: 'Ada' },
    ])
    expect(JSON.stringify(body)).not.toContain('holder')
    expect((await visitor().send('GET', '/api/orders')).body).toEqual([])
  })
}
