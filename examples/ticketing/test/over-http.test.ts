import { afterAll, beforeAll, describe, vi } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { openEmbeddedDatabase } from '../src/database/embedded.ts'
import { describeBackOffice } from './over-http/back-office.ts'
import { describeBadInput } from './over-http/bad-input.ts'
import { describeCheckout } from './over-http/checkout.ts'
import { describeExpiry } from './over-http/expiry.ts'
import { describeInterruptions } from './over-http/interruptions.ts'
import { describeLiveMap } from './over-http/live.ts'

// What a box office answers, without a page. To load the embedded Postgres takes as long as most of these do with it: it is loaded once, and each has an office of its own on it.

// For what hangs. Nothing here waits for time to pass: a hold is over when its test says so.
vi.setConfig({ testTimeout: 600_000 })

let db: Database
const database = () => db

beforeAll(async () => {
  db = await openEmbeddedDatabase()
})
afterAll(() => db?.close())

describe('checkout', () => describeCheckout(database))
describe('expiry', () => describeExpiry(database))
describe('interruptions', () => describeInterruptions(database))
describe('the live map', () => describeLiveMap(database))
describe('the back office', () => describeBackOffice(database))
describe('bad input', () => describeBadInput(database))
