import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'

/** A busy machine takes its time to draw. */
const PATIENCE = { timeout: 60_000 }
const ARTIFACTS = new URL('../../.artifacts/', import.meta.url).pathname

export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
}
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 860 } }

/** A customer's window, and what a customer can do in it. */
export class Window {
  readonly context: BrowserContext
  readonly page: Page
  readonly errors: string[] = []

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    page.setDefaultTimeout(PATIENCE.timeout)
    page.on('pageerror', (error) => this.errors.push(error.message))
  }

  static async open(browser: Browser, address: string, options: BrowserContextOptions = DESKTOP): Promise<Window> {
    return Window.openIn(await browser.newContext(options), address)
  }

  /** Another tab of the same browser, with the same cookies. */
  static async openIn(context: BrowserContext, address: string): Promise<Window> {
    const window = new Window(context, await context.newPage())
    await window.page.goto(address)
    await window.page.locator('#live[data-state=live]').waitFor()
    return window
  }

  seat(id: string) {
    return this.page.locator(`.auditorium [data-seat="${id}"]`)
  }

  async choose(...seats: string[]): Promise<void> {
    for (const seat of seats) await this.seat(seat).click()
  }

  async hold(...seats: string[]): Promise<void> {
    await this.choose(...seats)
    await this.press(/^Hold /)
    await this.sees('Held for you')
  }

  async pay(cardEnding = '4242', name = 'Ada Lovelace'): Promise<void> {
    await this.page.getByLabel('Name on the tickets').fill(name)
    await this.press(new RegExp(cardEnding))
    await this.press(/^Pay /)
  }

  async press(name: RegExp): Promise<void> {
    await this.page.getByRole('button', { name }).click()
  }

  async sees(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor()
  }

  async seesSeat(id: string, state: 'free' | 'held' | 'sold' | 'chosen' | 'own'): Promise<void> {
    await this.page.locator(`.auditorium [data-seat="${id}"][data-look=${state}]`).waitFor()
  }

  /** As if the tab went behind another one, or came to the front again. */
  async setHidden(hidden: boolean): Promise<void> {
    await this.page.evaluate(`
      Object.defineProperty(document, 'hidden', { value: ${hidden}, configurable: true })
      document.dispatchEvent(new Event('visibilitychange'))
    `)
  }

  async photograph(name: string): Promise<void> {
    await this.page.screenshot({ path: `${ARTIFACTS}${name}.png`, animations: 'disabled' })
  }
}
