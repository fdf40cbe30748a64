import { expect } from 'vitest'
import { type TestOffice, ticketsFor } from './office.ts'
import { Visitor } from './visitor.ts'

/** Values that somebody, some day, puts where they do not belong; chosen by a number, so that a failure can be repeated. */
const ODD: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  '',
  'A1\u0000',
  '\ud800',
  'x'.repeat(9000),
  [],
  [[]],
  {},
  { toString: 1 },
  ['A1', 7],
  'E1',
  ['Z99'],
  Array(10_000).fill('A1'),
  ['<script>alert(1)</script>'],
  ['A1\u0000'],
  ['\ud800'],
  ['A1', 'A1'],
  ["A1'; drop table seats; --"],
]
const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY']
const HEADERS: readonly Record<string, string>[] = [
  {},
  { 'sec-fetch-site': 'cross-site' },
  { origin: 'https://evil.example' },
  { 'content-type': 'text/plain' },
  { cookie: 'session=0123' },
  { 'x-operator-key': 'guessed' },
]
const ODD_REQUESTS = 10_000
const AT_ONCE = 16

type OddRequest = readonly [method: string, path: string, body: unknown, headers: Record<string, string>]

function oddRequest(number: number, paths: readonly string[]): OddRequest {
  const pick = <T>(list: readonly T[], step: number): T => list[Math.floor(number / step) % list.length] as T
  const value = pick(ODD, paths.length)
  const body = number % 2 === 0 ? { seats: value, name: value, card: value, reason: value } : value
  return [pick(METHODS, paths.length * ODD.length), pick(paths, 1), body, pick(HEADERS, 7)]
}

export const everySeat = ({ db }: TestOffice) => db.query('select id, fence, held_by, sold_to from seats order by id')

/** One of so many is sent: each must be answered with a refusal, and change nothing. */
export async function expectRefused(office: TestOffice, every: number): Promise<void> {
  const ada = new Visitor(office.address)
  const [open, sold] = [await ada.held('E1'), await ada.held('E2')]
  await ada.pay(sold)
  await ada.confirm(sold)
  const paths = [
    ...['/api/holds', '/api/holds/', '/api/waits', '/api/holds/x/payment', '/api/holds/%00/confirmation'],
    ...[
      '/api/holds/..',
      '/api/%ff',
      '/api',
      '/api/orders',
      '/api/operator/holds',
      `/api/operator/holds/${open}/release`,
    ],
    // Somebody else's.
    ...[open, sold].flatMap((id) => [`/api/holds/${id}`, `/api/holds/${id}/payment`, `/api/holds/${id}/confirmation`]),
  ]
  const before = await everySeat(office)
  const mallory = new Visitor(office.address)
  let sent = 0
  const fire = async () => {
    for (let number = every * sent++; number < ODD_REQUESTS; number = every * sent++) {
      const [method, path, body, headers] = oddRequest(number, paths)
      const { status } = await mallory.send(method, path, body, headers)
      const what = () => JSON.stringify({ number, method, path, headers, body }).slice(0, 300)
      if (status < 400 || status >= 500) throw new Error(`Answered ${status}: ${what()}`)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, fire))
  expect(await everySeat(office)).toEqual(before)
  expect((await ada.look(open)).body).toMatchObject({ state: 'open', failedPayments: 0 })
  expect((await ada.confirm(sold)).body).toMatchObject({ state: 'sold' })
  expect(await ticketsFor(office.db, 'E2')).toEqual([sold])
}
