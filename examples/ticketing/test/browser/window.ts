import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'
import { expectAccessible } from './accessible.ts'

/** A busy machine takes its time to draw. */
const PATIENCE = { timeout: 180_000 }
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
  #clockIsSet = false

  private constructor(context: BrowserContext, page: Page) {
    this.context = context
    this.page = page
    page.setDefaultTimeout(PATIENCE.timeout)
    page.on('pageerror', (error) => this.errors.push(error.message))
  }

  static async open(browser: Browser, address: string, options: BrowserContextOptions = DESKTOP): Promise<Window> {
    return Window.openIn(await browser.newContext(options), address)
  }

  /** For somebody else, who finds nothing of those before. */
  static async openAgain(used: Window, address: string): Promise<Window> {
    used.page.removeAllListeners('pageerror')
    const window = new Window(used.context, used.page)
    await window.#goTo(address)
    return window
  }

  /** Another tab of the same browser, with the same cookies. */
  static async openIn(context: BrowserContext, address: string): Promise<Window> {
    const window = new Window(context, await context.newPage())
    await window.#goTo(address)
    return window
  }

  async #goTo(address: string): Promise<void> {
    await this.page.goto(address)
    await this.isLive()
  }

  /** Leaves nothing of what was done with it. False where that cannot be: its clock goes on as it was set, and a closed tab stays closed. */
  async forget(viewport: BrowserContextOptions['viewport']): Promise<boolean> {
    if (this.#clockIsSet || this.page.isClosed() || this.context.pages().length > 1) return false
    await this.page.unrouteAll({ behavior: 'ignoreErrors' })
    await this.context.setOffline(false)
    await this.page.emulateMedia({ colorScheme: null, forcedColors: null })
    if (viewport) await this.page.setViewportSize(viewport)
    // Nothing happens there any more.
    await this.page.goto(new URL('/favicon.svg', this.page.url()).href)
    await this.page.evaluate('localStorage.clear(); sessionStorage.clear()')
    await this.context.clearCookies()
    return true
  }

  /** It has been told of every seat. */
  async isLive(): Promise<void> {
    await this.page.locator('#live[data-state=live]').waitFor()
  }

  /** From now on this page's clock can be set forward. */
  async timeInHand(): Promise<void> {
    this.#clockIsSet = true
    await this.page.clock.install()
    await this.page.reload()
    await this.isLive()
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

  async type(...keys: string[]): Promise<void> {
    for (const key of keys) await this.page.keyboard.press(key)
  }

  /** The focus comes to what is called so. */
  async comesTo(name: string): Promise<void> {
    await expect.poll(() => this.focused(), PATIENCE).toBe(name)
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

  /** What those who listen are told from now on, in the order in which it is told. */
  async listen(): Promise<() => Promise<string[]>> {
    await this.page.evaluate(`
      globalThis.told = []
      new MutationObserver((changes) => {
        for (const { type, target, addedNodes } of changes) {
          for (const node of type === 'childList' ? addedNodes : [target]) {
            const live = (node instanceof Element ? node : node.parentElement)?.closest('[role=status], [role=alert], [aria-live]')
            if (live) told.push(node.textContent)
          }
        }
      }).observe(document, { subtree: true, childList: true, characterData: true })
    `)
    return () => this.page.evaluate('told')
  }

  /** The words that are read out at what has the focus. */
  async focused(): Promise<string> {
    return (await this.heard(':focus')).name
  }

  /** What Chromium tells a screen reader of an element. */
  async heard(selector: string): Promise<{ name: string; description: string | undefined }> {
    const protocol = await this.context.newCDPSession(this.page)
    const { root } = await protocol.send('DOM.getDocument')
    const { nodeId } = await protocol.send('DOM.querySelector', { nodeId: root.nodeId, selector })
    const { nodes } = await protocol.send('Accessibility.getPartialAXTree', { nodeId, fetchRelatives: false })
    await protocol.detach()
    return { name: String(nodes[0]?.name?.value), description: nodes[0]?.description?.value }
  }

  /** Takes a picture, and asserts that the page can be used by everybody. */
  async inspect(name: string): Promise<void> {
    await this.photograph(name)
    await expectAccessible(this.page, name)
  }

  async photograph(name: string): Promise<void> {
    await this.page.screenshot({ path: `${ARTIFACTS}${name}.png`, animations: 'disabled' })
  }
}
