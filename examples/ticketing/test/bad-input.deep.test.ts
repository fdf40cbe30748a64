import { afterAll, beforeAll, test } from 'vitest'
import { expectRefused } from './odd-requests.ts'
import { openTestOffice, type TestOffice } from './office.ts'

let office: TestOffice

beforeAll(async () => {
  office = await openTestOffice({ holdMs: 3_600_000 })
})
afterAll(() => office[Symbol.asyncDispose]())

test(
  '10,000 odd requests are each answered with a refusal, and change nothing',
  () => expectRefused(office, 1),
  3_600_000,
)
