import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Database } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { Fleet } from '../../src/fleet/fleet.ts'
import { FrontDoor } from '../../src/fleet/front-door.ts'
import { type DatabaseService, type Service, type ServiceName, startService } from '../../src/stage/services.ts'
import { clearStage } from '../../src/stage/stage.ts'
import { OPERATOR_KEY, testSale, ticketsFor } from '../office.ts'
import { launchChromium } from './chromium.ts'
import { DESKTOP, PHONE, Window } from './window.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const HOLD_MS = 5000

let browser: Browser
let postgres: DatabaseService
let db: Database
let fleet: Fleet
let door: FrontDoor
const windows: Window[] = []

beforeAll(async () => {
  ;[browser, postgres, fleet] = await Promise.all([
    launchChromium(),
    startService('postgres', { own: true }),
    Fleet.start({ count: 3 }),
  ])
  db = await openDatabase(postgres.database)
})
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]()
  await browser?.close()
  await db?.close()
  await postgres?.stop()
})
afterEach(async () => {
  const errors = windows.flatMap((window) => window.errors)
  await Promise.all(windows.splice(0).map(({ context }) => context.close()))
  expect(errors).toEqual([])
})

async function open(options?: BrowserContextOptions, path = ''): Promise<Window> {
  const window = await Window.open(browser, door.address + path, options)
  windows.push(window)
  return window
}

const serversOf = (seat: string) =>
  db.query<{ held: string; paid: string; sold: string | null; hold: string }>(
    `select held_on as held, node as paid, sold_on as sold, holds.id as hold from holds join payments on hold_id = holds.id
     where $1 = any(seats) order by held_at`,
    [seat],
  )

describe.each(['redis', 'postgres', 'etcd'] satisfies ServiceName[])('three servers, locks in %s', (kind) => {
  let locks: Service

  beforeAll(async () => {
    locks = kind === 'postgres' ? postgres : await startService(kind)
    const stage = { database: postgres.database, locks: locks.locks }
    await clearStage(stage)
    await fleet.open({ ...stage, sale: testSale(HOLD_MS) })
    door = await FrontDoor.open(fleet, 0, false)
  })
  afterAll(async () => {
    await door?.close()
    await fleet?.close()
    if (kind !== 'postgres') await locks?.stop()
  })

  test('a seat that is held through one server is paid and sold through others, and two windows agree', async () => {
    const [ada, grace] = [await open(), await open(PHONE)]
    await ada.hold('C4')
    await grace.seesSeat('C4', 'held')
    await ada.pay()
    await ada.press(/^Confirm/)
    await ada.sees('Enjoy the show')
    await grace.seesSeat('C4', 'sold')
    const [sale] = await serversOf('C4')
    expect(new Set([sale?.held, sale?.paid, sale?.sold]).size).toBeGreaterThan(1)
    await ada.page.goto(`${door.address}/orders.html`)
    await ada.sees('Ticket for The Night Ferry')
    await ada.photograph(`orders-${kind}`)
    await grace.photograph(`sold-phone-${kind}`)
  })

  test('a server that is killed in the middle of a payment: the seats come back, and so does the money', async () => {
    const [ada, grace] = [await open(), await open()]
    await ada.hold('D4', 'D5')
    await ada.pay('0408')
    await expect.poll(() => serversOf('D4')).toHaveLength(1)
    const [{ paid } = { paid: '' }] = await serversOf('D4')
    await fleet.nodes.find((node) => node.name === paid)?.kill()
    await ada.sees('Your hold ran out')
    await ada.sees('€168 was refunded to the card ending 0408.')
    await ada.photograph(`killed-${kind}`)
    await grace.seesSeat('D4', 'free')
    await grace.hold('D4', 'D5')
    await expect.poll(() => fleet.nodes.filter((node) => node.isWell).length, { timeout: 60_000 }).toBe(3)
  })

  test('a server that freezes in the middle of a sale: its late write is refused, the seat is sold once', async () => {
    const [ada, grace] = [await open(), await open()]
    const operator = await open(DESKTOP, `/operator.html#${OPERATOR_KEY}`)
    await ada.hold('E6')
    await operator.page.locator('[data-seats="E6"]').waitFor()
    await operator.photograph(`operator-${kind}`)
    await ada.pay('0119')
    await ada.press(/^Confirm/)
    await expect.poll(() => fleet.nodes.some((node) => node.isFrozen), { timeout: 20_000 }).toBe(true)
    await grace.seesSeat('E6', 'free')
    await grace.hold('E6')
    await grace.pay('4242', 'Grace Hopper')
    await grace.press(/^Confirm/)
    await grace.sees('Enjoy the show')
    await grace.photograph(`bought-while-frozen-${kind}`)
    await expect.poll(() => fleet.nodes.some((node) => node.isFrozen), { timeout: 20_000 }).toBe(false)
    await ada.sees(/outdated fencing token/)
    await ada.sees('€84 was refunded to the card ending 0119.')
    await ada.photograph(`frozen-${kind}`)
    const [, winner] = await serversOf('E6')
    expect(await ticketsFor(db, 'E6')).toEqual([winner?.hold])
  })
})
