import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, vi } from 'vitest'
import { OPERATOR_KEY, openTestOffice, type TestOffice } from '../office.ts'
import { launchChromium } from './chromium.ts'
import { testWithWindows } from './test-with-windows.ts'
import type { Window } from './window.ts'

// For what hangs.
vi.setConfig({ testTimeout: 600_000 })

let browser: Browser
let office: TestOffice

beforeAll(async () => {
  ;[browser, office] = await Promise.all([launchChromium(), openTestOffice({ holdMs: 120_000 })])
})
afterAll(async () => {
  await browser?.close()
  await office?.[Symbol.asyncDispose]()
})

const test = testWithWindows.extend<{ readonly openWindow: (path?: string) => Promise<Window> }>({
  openWindow: ({ open }, use) => use((path = '') => open(browser, office.address + path)),
})

/** Whether what has the focus can be seen. */
const ON_TOP = `
  const { x, y, width, height } = document.activeElement.getBoundingClientRect()
  document.elementFromPoint(x + width / 2, y + height / 2) === document.activeElement`

test('a keyboard is enough from the seat to the ticket, and the focus goes to what is next', async ({ openWindow }) => {
  const ada = await openWindow()
  await ada.seat('H8').focus()
  await ada.type('ArrowRight', 'Space', 'ArrowDown', 'Space', 'Home', 'Space')
  for (const seat of ['H9', 'J9', 'J1']) await ada.seesSeat(seat, 'chosen')
  await ada.photograph('keyboard-desktop')
  await ada.type('Tab', 'Tab', 'Tab', 'Tab', 'Enter')
  await ada.comesTo('Held for you')
  await ada.type('Tab', 'A', 'd', 'a', 'Enter')
  await ada.comesTo('Paid. One last step')
  await ada.type('Tab', 'Enter')
  await ada.comesTo('Enjoy the show')
  await ada.type('Tab', 'Enter')
  await ada.comesTo('Choose your seats')
})

test('enlarged twice, nothing covers the seat that has the focus', async ({ openWindow }) => {
  const ada = await openWindow()
  await ada.choose('A6', 'A7')
  await ada.page.setViewportSize({ width: 640, height: 430 })
  await ada.seat('A5').focus()
  for (let row = 0; row < 16; row++) {
    expect(await ada.page.evaluate(ON_TOP), await ada.focused()).toBe(true)
    await ada.type('ArrowDown')
  }
})

test('whoever listens is told once of what happens, and of the time not every second', async ({ openWindow }) => {
  const ada = await openWindow()
  await ada.timeInHand()
  const told = await ada.listen()
  await ada.hold('P4')
  await ada.pay('0002')
  await ada.sees('The bank declined this card.')
  // The server's time does not run ahead.
  await ada.page.route('**/api/holds/*', (route) => route.abort())
  await ada.page.clock.runFor(112_000)
  expect(await told()).toEqual([
    'Your choice: 1 seat',
    'Asking for them…',
    'Card number 4000 0000 0000 0002',
    'Talking to the bank…',
    'The bank declined this card. Nothing was charged.',
    ...[60, 30, 10].map((seconds) => `${seconds} seconds left to book your seats.`),
  ])
})

test('whoever stands in line gets the seat when it is given back, without asking again', async ({ openWindow }) => {
  const [ada, grace] = [await openWindow(), await openWindow()]
  await ada.hold('M4')
  await grace.seesSeat('M4', 'held')
  await grace.choose('M4')
  await grace.press(/^Wait in line/)
  await grace.sees('You are in line')
  await grace.photograph('in-line-desktop')
  const told = await grace.listen()
  await grace.seat('M5').focus()
  await ada.press(/^Give the seats back/)
  await grace.sees('Held for you')
  await grace.seesSeat('M4', 'own')
  expect(await told()).toEqual(['Held for you'])
  await ada.seesSeat('M4', 'held')
})

test('the operator sees who holds what, and takes it back with a reason that the customer is told', async ({
  openWindow,
}) => {
  const [ada, grace] = [await openWindow(), await openWindow()]
  const operator = await openWindow(`/operator.html#${OPERATOR_KEY}`)
  await ada.hold('N4', 'N5')
  await ada.pay()
  await ada.sees('Paid. One last step')
  await grace.seesSeat('N4', 'held')
  await grace.choose('N4')
  await grace.press(/^Wait in line/)
  await grace.sees('You are in line')
  const row = operator.page.locator('[data-seats="N4 N5"]')
  await row.getByRole('button').focus()
  await operator.page.evaluate('globalThis.button = document.activeElement')
  const before = await row.textContent()
  await expect.poll(() => row.textContent(), { timeout: 120_000 }).not.toBe(before)
  expect(await operator.page.evaluate('button === document.activeElement')).toBe(true)
  await operator.type('Enter')
  await operator.comesTo('Reason, shown to the customer')
  await operator.page.keyboard.type('The seats are <wet>.')
  await operator.inspect('operator-takes-back-desktop')
  await operator.page.keyboard.press('Enter')
  await ada.sees('The box office took the seats back')
  await ada.sees('The reason given: The seats are <wet>.')
  await ada.sees('€72 was refunded to the card ending 4242.')
  await grace.sees('Held for you')
  await operator.sees('The seats were taken back.')
  await operator.comesTo('Holds')
  await operator.inspect('operator-desktop')
  await ada.page.goto(`${office.address}/orders.html`)
  await ada.sees('The reason given: The seats are <wet>.')
  await ada.inspect('orders-desktop')
  await ada.page.goto(`${office.address}/operator.html`)
  await ada.sees('This is for the operator alone.')
  await ada.inspect('not-the-operator')
})
