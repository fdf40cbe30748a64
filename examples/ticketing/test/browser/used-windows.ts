import type { Browser, BrowserContextOptions } from 'playwright-core'
import { DESKTOP, Window } from './window.ts'

/** To open a window takes Chromium twice as long as to load the page in one that is open: those that a story is done with serve the next one. */
export class UsedWindows {
  readonly #used = new Map<Browser, Map<BrowserContextOptions, Window[]>>()
  readonly #lent = new Map<Window, { readonly browser: Browser; readonly options: BrowserContextOptions }>()

  async open(browser: Browser, address: string, options: BrowserContextOptions = DESKTOP): Promise<Window> {
    const used = this.#like(browser, options).pop()
    const window = await (used === undefined ? Window.open(browser, address, options) : Window.openAgain(used, address))
    this.#lent.set(window, { browser, options })
    return window
  }

  async takeBack(window: Window): Promise<void> {
    const lent = this.#lent.get(window)
    this.#lent.delete(window)
    if (lent !== undefined && (await window.forget(lent.options.viewport))) {
      this.#like(lent.browser, lent.options).push(window)
    } else {
      await window.context.close()
    }
  }

  #like(browser: Browser, options: BrowserContextOptions): Window[] {
    const ofBrowser = this.#used.get(browser) ?? new Map<BrowserContextOptions, Window[]>()
    this.#used.set(browser, ofBrowser)
    const alike = ofBrowser.get(options) ?? []
    ofBrowser.set(options, alike)
    return alike
  }
}
