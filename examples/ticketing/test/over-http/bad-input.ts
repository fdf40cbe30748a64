import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { TEST_CARDS } from '../../src/payment/bank.ts'
import { everySeat, expectRefused } from '../odd-requests.ts'
import { openTestOffice, stateOf, type TestOffice, ticketsFor } from '../office.ts'
import { Visitor } from '../visitor.ts'

/** What makes no sense, or is not for whoever asks. */
export function describeBadInput(database: () => Database): void {
  let office: TestOffice
  const visitor = () => new Visitor(office.address)

  beforeAll(async () => {
    office = await openTestOffice({ holdMs: 900_000, db: database() })
  })
  afterAll(() => office?.[Symbol.asyncDispose]())

  describe('a hold is refused', () => {
    const cases: readonly (readonly [title: string, body: unknown, status: number])[] = [
      ['for a seat that is not there', { seats: ['Z99'] }, 422],
      ['for no seat', { seats: [] }, 422],
      ['for a seat named twice', { seats: ['A1', 'A1'] }, 422],
      ['for seven seats', { seats: ['A1', 'A2', 'A3', 'A4', 'A5', 'A6', 'A7'] }, 422],
      ['for a thousand seats', { seats: Array(1000).fill('A1') }, 422],
      ['for ten thousand seats', { seats: Array.from({ length: 10_000 }, (_, index) => `A${index}`) }, 413],
      ['for one good seat and one bad', { seats: ['A1', 'A99'] }, 422],
      ['for a seat with SQL in its name', { seats: [`A1'; drop table seats; --`] }, 422],
      ['for a seat named like a property of every object', { seats: ['__proto__', 'constructor'] }, 422],
      ['for a seat with NUL in its name', { seats: ['A1\0'] }, 422],
      ['for a seat that is no string', { seats: [1] }, 400],
      ['for seats that are no list', { seats: 'A1' }, 400],
      ['for a list instead of an object', ['A1'], 400],
      ['for null', 'null', 400],
      ['for a body that is not JSON', '{"seats": [', 400],
      ['for an empty body', '', 400],
    ]
    test.each(cases)('%s', async (_title, body, status) => {
      const before = await everySeat(office)
      const answer = await visitor().send('POST', '/api/holds', body)
      expect(answer).toMatchObject({ status, body: { error: expect.any(String), message: expect.any(String) } })
      expect(await everySeat(office)).toEqual(before)
    })
  })

  describe('a payment is refused', () => {
    const cases: readonly (readonly [title: string, body: unknown])[] = [
      ['without a name', { card: TEST_CARDS.pays }],
      ['with an empty name', { name: '  ', card: TEST_CARDS.pays }],
      ['with a name of 81 characters', { name: 'x'.repeat(81), card: TEST_CARDS.pays }],
      ['with NUL in the name', { name: 'Ada\0', card: TEST_CARDS.pays }],
      ['with half a character in the name', { name: 'Ada\ud800', card: TEST_CARDS.pays }],
      ['with a card that is too short', { name: 'Ada', card: '4242' }],
      ['with a card that is a number', { name: 'Ada', card: 4_242_424_242_424_242 }],
      ['with letters in the card', { name: 'Ada', card: '4242-4242-4242-424x' }],
    ]
    test.each(cases)('%s', async (_title, body) => {
      const ada = visitor()
      const hold = await ada.held('B1')
      expect(await ada.send('POST', `/api/holds/${hold}/payment`, body)).toMatchObject({ status: 400 })
      expect((await ada.look(hold)).body).toMatchObject({ state: 'open', payment: null })
      await ada.giveUp(hold)
    })
  })

  test('a name with markup in it is a name, and comes back as it was given', async () => {
    const name = `<script>alert('x')</script> "O'Brien" & 🎭`
    const ada = visitor()
    const hold = await ada.held('B2')
    expect(await ada.pay(hold, TEST_CARDS.pays, name)).toMatchObject({ status: 200, body: { buyer: name } })
  })

  describe("somebody else's hold", () => {
    test('cannot be seen, paid, confirmed or given up, and takes no harm', async () => {
      const ada = visitor()
      const mallory = visitor()
      await mallory.held('C2')
      const hold = await ada.held('C1')
      const answers = [
        await mallory.look(hold),
        await mallory.pay(hold),
        await mallory.confirm(hold),
        await mallory.giveUp(hold),
      ]
      expect(answers.map(({ status }) => status)).toEqual([404, 404, 404, 404])
      await ada.pay(hold)
      expect((await ada.confirm(hold)).status).toBe(200)
      expect(await ticketsFor(office.db, 'C1')).toEqual([hold])
    })

    test('looks like one that never was', async () => {
      const ada = visitor()
      const hold = await ada.held('C3')
      expect(await visitor().look(hold)).toEqual(await visitor().look('0'.repeat(32)))
    })
  })

  describe('a request from another site', () => {
    const headers: readonly (readonly [title: string, headers: Record<string, string>])[] = [
      ['by what the browser says of it', { 'sec-fetch-site': 'cross-site' }],
      ['from a neighbouring host', { 'sec-fetch-site': 'same-site' }],
      ['by its origin', { origin: 'https://evil.example' }],
      ['from a hidden origin', { origin: 'null' }],
    ]
    test.each(headers)('is refused: %s', async (_title, sent) => {
      const answer = await visitor().send('POST', '/api/holds', { seats: ['D1'] }, sent)
      expect(answer).toMatchObject({ status: 403, body: { error: 'cross-site' } })
      expect(await stateOf(office.db, 'D1')).toBe('free')
    })

    test('cannot pass as a form', async () => {
      const answer = await visitor().send('POST', '/api/holds', '{"seats":["D1"]}', { 'content-type': 'text/plain' })
      expect(answer.status).toBe(400)
    })
  })

  test('the session cookie is out of reach of scripts and of other sites', async () => {
    const cookie = (await fetch(`${office.address}/api/auditorium`)).headers.get('set-cookie')
    expect(cookie).toMatch(/HttpOnly/)
    expect(cookie).toMatch(/SameSite=Strict/)
  })

  test('files beside the public ones stay private', async () => {
    for (const path of ['/..%2fpackage.json', '/%2e%2e/package.json', '/../src/demo.ts']) {
      expect((await fetch(office.address + path)).status).toBe(404)
    }
  })

  test(
    'odd requests, one in eleven of 10,000, are each answered with a refusal, and change nothing',
    () =>
      // Each path, each value, each method and each header is among these; all 10,000 are sent by the deep test.
      expectRefused(office, 11),
    600_000,
  )
}
