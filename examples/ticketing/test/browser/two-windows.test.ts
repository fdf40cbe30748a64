import type { Browser, BrowserContextOptions } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { openTestOffice, stateOf, type TestOffice, ticketsFor } from '../office.ts'
import { launchChromium } from './chromium.ts'
import { testWithWindows } from './test-with-windows.ts'
import { DESKTOP, PHONE, Window } from './window.ts'

// For what hangs. Nothing here waits for time to pass: a hold is over when its story says so.
vi.setConfig({ testTimeout: 600_000 })

const HOLD_MS = 120_000
const PATIENCE = { timeout: 120_000 }

let browser: Browser
let office: TestOffice

beforeAll(async () => {
  ;[browser, office] = await Promise.all([launchChromium(), openTestOffice({ holdMs: HOLD_MS })])
})
afterAll(async () => {
  await browser?.close()
  await office?.[Symbol.asyncDispose]()
})

/** Tests of windows that look at the office. */
const test = testWithWindows.extend<{ readonly openWindow: (options?: BrowserContextOptions) => Promise<Window> }>({
  openWindow: ({ open }, use) => use((options) => open(browser, office.address, options)),
})

describe('while nobody hesitates', () => {
  test('one window holds, and the other sees it at once', async ({ openWindow }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await grace.choose('C5')
    await grace.seesSeat('C5', 'chosen')
    await ada.hold('C4', 'C5')
    await ada.seesSeat('C4', 'own')
    await grace.seesSeat('C4', 'held')
    await grace.sees(/Row C, seat 5: somebody was faster/)
    await grace.seesSeat('C5', 'held')
    expect(await grace.heard('[data-seat=C5]')).toEqual({ name: 'Row C, seat 5, Premium, €84, held by somebody else' })
    expect(await ada.page.getByRole('group', { name: 'Stalls, row C' }).ariaSnapshot()).toMatch(
      /^- group "Stalls, row C, 11 of 13 free":.* - button "Row C, seat 4, Premium, €84, held for you" \[disabled\] \[pressed\]/s,
    )
    await ada.inspect('held-desktop')
    await grace.photograph('contended-desktop')
  })

  test('two tabs of one browser contend like strangers', async ({ openWindow }) => {
    const first = await openWindow()
    const second = await Window.openIn(first.context, office.address)
    await first.hold('D4')
    await second.seesSeat('D4', 'held')
    await second.sees('Choose your seats')
  })

  test('paying and confirming gives tickets, and shows the seats as sold to everybody', async ({ openWindow }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await ada.hold('E6', 'E7')
    await ada.pay('4242', '<img src=x onerror=alert(1)> & Ada')
    await ada.sees('Paid. One last step')
    await ada.inspect('paid-desktop')
    await ada.press(/^Confirm/)
    await ada.sees('Enjoy the show')
    await ada.sees('<img src=x onerror=alert(1)> & Ada, these seats are yours.')
    await grace.seesSeat('E6', 'sold')
    await ada.inspect('tickets-desktop')
    expect(await ticketsFor(office.db, 'E6')).toHaveLength(1)
  })

  test('giving up brings the seats back for everybody', async ({ openWindow }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await ada.hold('F5')
    await grace.seesSeat('F5', 'held')
    await ada.press(/^Give the seats back/)
    await ada.sees('Choose your seats')
    await grace.seesSeat('F5', 'free')
  })

  test('a declined card is said plainly, and the hold stands', async ({ openWindow }) => {
    const ada = await openWindow()
    await ada.hold('G5')
    await ada.pay('0002')
    await ada.sees('The bank declined this card. Nothing was charged.')
    expect(await ada.page.getByLabel('Name on the tickets').inputValue()).toBe('Ada Lovelace')
    await ada.inspect('declined-desktop')
    await ada.pay('4242')
    await ada.sees('Paid. One last step')
  })

  test('a reload finds the hold again, also where nobody answers at first', async ({ openWindow }) => {
    const ada = await openWindow()
    await ada.hold('G8')
    let asked = 0
    await ada.page.route('**/api/holds/*', (route) => (++asked <= 2 ? route.abort() : route.continue()))
    await ada.page.reload()
    await ada.sees('Held for you')
    await ada.seesSeat('G8', 'own')
    expect(asked).toBe(3)
  })

  test('a reload while the bank is at work shows its answer when it comes', async ({ openWindow }) => {
    const ada = await openWindow()
    await ada.hold('G10')
    await office.db.query(`update holds set state = 'paying' where seats = '{G10}'`)
    await ada.page.reload()
    await ada.sees('Talking to the bank…')
    await office.db.query(`update holds set state = 'paid' where seats = '{G10}'`)
    await ada.sees('Paid. One last step')
  })

  test('a hold whose answer was lost on the way is found', async ({ openWindow }) => {
    const ada = await openWindow()
    await ada.page.route('**/api/holds', async (route) => {
      await route.fetch()
      await route.fulfill({ status: 502, json: { error: 'node-lost', message: 'Gone.' } })
    })
    await ada.hold('G12', 'G13')
    await ada.seesSeat('G12', 'own')
  })

  test('a hidden tab hangs up, and has missed nothing when it is looked at again', async ({ openWindow }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await grace.setHidden(true)
    await ada.hold('K5')
    await grace.seesSeat('K5', 'free')
    await grace.setHidden(false)
    await grace.seesSeat('K5', 'held')
  })

  test('on a phone the first touch goes closer, the second chooses', async ({ openWindow }) => {
    const ada = await openWindow(PHONE)
    await ada.inspect('whole-hall-phone')
    await ada.seat('K8').tap()
    await ada.seesSeat('K8', 'free')
    await ada.seat('K8').tap()
    await ada.seesSeat('K8', 'chosen')
    await ada.photograph('closer-phone')
    await ada.press(/^Hold /)
    await ada.sees('Held for you')
    await ada.inspect('held-phone')
  })

  test('no more than six seats can be chosen', async ({ openWindow }) => {
    const ada = await openWindow()
    await ada.choose('L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7')
    await ada.sees('You can book up to 6 seats at once.')
    await ada.seesSeat('L7', 'free')
  })

  test('the hall is itself by day and by night', async ({ openWindow }) => {
    for (const [where, options] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
      const ada = await openWindow(options)
      expect(await ada.page.locator('.auditorium .seat').count()).toBe(240)
      for (const colorScheme of ['light', 'dark'] as const) {
        await ada.page.emulateMedia({ colorScheme })
        await ada.photograph(`hall-${where}-${colorScheme}`)
      }
    }
  })
})

describe('when somebody takes too long', () => {
  test('a closed tab gives its seats back when the hold runs out', async ({ openWindow }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await ada.hold('C9', 'C10')
    await grace.seesSeat('C9', 'held')
    await ada.page.close()
    await office.runOut()
    await grace.seesSeat('C9', 'free')
    await grace.hold('C9', 'C10')
  })

  test('whoever watches the countdown end is told so, and everybody sees the seats come back', async ({
    openWindow,
  }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await ada.timeInHand()
    await ada.hold('D9')
    await grace.seesSeat('D9', 'held')
    // Nobody tells the page that the hold is over: its own countdown ends, and it asks.
    await ada.setHidden(true)
    await office.runOut()
    await ada.page.clock.runFor(HOLD_MS)
    await ada.comesTo('Your hold ran out')
    await ada.setHidden(false)
    await ada.sees('No money was taken.')
    await grace.seesSeat('D9', 'free')
    await ada.inspect('expired-desktop')
    await ada.press(/^Choose again/)
    await ada.seesSeat('D9', 'free')
  })

  test('a payment that outlasts the hold is refunded, and the page says so', async ({ openWindow }) => {
    const ada = await openWindow()
    await ada.hold('E9')
    await ada.pay('0408')
    await office.slowBank.reached()
    await office.runOut()
    await expect.poll(() => stateOf(office.db, 'E9'), PATIENCE).toBe('free')
    office.slowBank.open()
    await ada.sees('Your hold ran out')
    await ada.sees('€84 was refunded to the card ending 0408.')
    await ada.photograph('slow-payment-desktop')
  })

  test('a checkout that outlived its hold is refused, refunded, and told why; the seat is sold once', async ({
    openWindow,
  }) => {
    const [ada, grace] = [await openWindow(), await openWindow(PHONE)]
    await ada.hold('F9')
    await ada.pay('0119')
    await ada.press(/^Confirm/)
    await office.frozenCheckout.reached()
    await office.runOut()
    await grace.seesSeat('F9', 'free')
    await grace.press(/^Closer/)
    await grace.hold('F9')
    await grace.pay('4242', 'Grace Hopper')
    await grace.press(/^Confirm/)
    await grace.sees('Enjoy the show')
    office.frozenCheckout.open()
    await ada.sees(/outdated fencing token/)
    await ada.sees('€84 was refunded to the card ending 0119.')
    await ada.inspect('stale-confirm-desktop')
    await grace.inspect('tickets-phone')
    expect(await ticketsFor(office.db, 'F9')).toHaveLength(1)
  })

  test('a window that was cut off comes back to the truth by itself', async ({ openWindow }) => {
    const [ada, grace] = [await openWindow(), await openWindow()]
    await ada.timeInHand()
    await ada.hold('G6')
    await ada.pay()
    await ada.sees('Paid. One last step')
    await ada.context.setOffline(true)
    await office.runOut()
    await ada.page.clock.runFor(HOLD_MS)
    await grace.seesSeat('G6', 'free')
    await grace.hold('G6')
    await grace.pay('4242', 'Grace Hopper')
    await grace.press(/^Confirm/)
    await grace.sees('Enjoy the show')
    await ada.context.setOffline(false)
    await ada.sees('Your hold ran out')
    await ada.sees('€62 was refunded to the card ending 4242.')
    await ada.press(/^Choose again/)
    await ada.seesSeat('G6', 'sold')
  })
})
