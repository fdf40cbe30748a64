import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { createSeparateDatabase, type SeparateDatabase } from '../../src/database/separate-database.ts'
import { Fleet } from '../../src/fleet/fleet.ts'
import { FrontDoor } from '../../src/fleet/front-door.ts'
import { type DatabaseService, type Service, type ServiceName, startService } from '../../src/stage/services.ts'
import { Gate } from '../gate.ts'
import { OPERATOR_KEY, testSale, ticketsFor } from '../office.ts'
import { onThisMachine } from '../slowness.ts'
import { launchChromium } from './chromium.ts'
import { testWithWindows } from './test-with-windows.ts'
import { DESKTOP, PHONE, type Window } from './window.ts'

/** On an idle machine: time enough for one step of a checkout, and not too long to be waited for. */
const HOLD_MS = 2500

const PATIENCE = { timeout: 120_000 }

type OpenWindow = (options?: BrowserContextOptions, path?: string) => Promise<Window>

// For what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

// The box office as three server processes, with their locks in each of these: what customers see of it when one of them stands still, or is killed, does not depend on who keeps the locks.

let browser: Browser
let postgres: DatabaseService

beforeAll(async () => {
  ;[browser, postgres] = await Promise.all([launchChromium(), startService('postgres', { own: true })])
})
afterAll(async () => {
  await browser?.close()
  await postgres?.stop()
})

describe.each<ServiceName>(['redis', 'postgres', 'etcd'])('three servers, locks in %s', (kind) => {
  let shop: SeparateDatabase
  let locks: Service
  let fleet: Fleet
  let door: FrontDoor
  const frozen = new Gate()

  beforeAll(async () => {
    ;[shop, locks, fleet] = await Promise.all([
      createSeparateDatabase(postgres.database),
      kind === 'postgres' ? postgres : startService(kind),
      Fleet.start({ count: 3 }),
    ])
    await shop.empty()
    await fleet.open({ database: shop.address, locks: locks.locks, sale: testSale(await onThisMachine(HOLD_MS)) }, () =>
      frozen.pass(),
    )
    door = await FrontDoor.open(fleet, 0, false)
  })
  afterAll(async () => {
    await door?.close()
    await fleet?.[Symbol.asyncDispose]()
    await shop?.drop()
    if (kind !== 'postgres') await locks?.stop()
  })

  const test = testWithWindows.extend<{ readonly openWindow: OpenWindow }>({
    openWindow: ({ open }, use) => use((options, path = '') => open(browser, door.address + path, options)),
  })

  const serversOf = (seat: string) =>
    shop.db.query<{ held: string; paid: string; sold: string | null; hold: string }>(
      `select held_on as held, node as paid, sold_on as sold, holds.id as hold from holds join payments on hold_id = holds.id
     where $1 = any(seats) order by held_at`,
      [seat],
    )

  test('a seat that is held through one server is paid and sold through others, and two windows agree', async ({
    openWindow,
  }) => {
    const [ada, grace] = [await openWindow(), await openWindow(PHONE)]
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

  test('a server that freezes in the middle of a sale: its late write is refused, the seat is sold once', async ({
    openWindow,
  }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    const operator = await openWindow(DESKTOP, `/operator.html#${OPERATOR_KEY}`)
    await ada.hold('E6')
    await operator.page.locator('[data-seats="E6"]').waitFor()
    await ada.pay('0119')
    await ada.press(/^Confirm/)
    await expect.poll(() => fleet.nodes.some((node) => node.isFrozen), PATIENCE).toBe(true)
    await operator.photograph(`operator-${kind}`)
    await grace.seesSeat('E6', 'free')
    await grace.hold('E6')
    await grace.pay('4242', 'Grace Hopper')
    await grace.press(/^Confirm/)
    await grace.sees('Enjoy the show')
    await grace.photograph(`bought-while-frozen-${kind}`)
    frozen.open()
    await expect.poll(() => fleet.nodes.some((node) => node.isFrozen), PATIENCE).toBe(false)
    await ada.sees(/outdated fencing token/)
    await ada.sees('€84 was refunded to the card ending 0119.')
    await ada.photograph(`frozen-${kind}`)
    const [, winner] = await serversOf('E6')
    expect(await ticketsFor(shop.db, 'E6')).toEqual([winner?.hold])
  })

  test('a server that is killed in the middle of a payment: the seats come back, and so does the money', async ({
    openWindow,
  }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await ada.hold('D4', 'D5')
    await ada.pay('0408')
    await expect.poll(() => serversOf('D4'), PATIENCE).toHaveLength(1)
    const [{ paid } = { paid: '' }] = await serversOf('D4')
    await fleet.nodes.find((node) => node.name === paid)?.kill()
    await ada.sees('Your hold ran out')
    await ada.sees('€168 was refunded to the card ending 0408.')
    await ada.photograph(`killed-${kind}`)
    await grace.seesSeat('D4', 'free')
    await grace.hold('D4', 'D5')
    await expect.poll(() => fleet.nodes.filter((node) => node.isWell).length, PATIENCE).toBe(3)
  })
})
