import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Story } from '../../src/lab/story.ts'
import type { StrategyName } from '../../src/strategies/index.ts'
import { expectAccessible } from './accessible.ts'
import { DESKTOP } from './window.ts'

const ARTIFACTS = new URL('../../.artifacts/', import.meta.url).pathname

/** Servers start when the lab is looked at for the first time. */
const PATIENCE = { timeout: 180_000 }

/** Somebody who tries things in the lab. */
export class LabWindow implements AsyncDisposable {
  readonly page: Page
  readonly errors: string[] = []

  private constructor(page: Page) {
    this.page = page
    page.setDefaultTimeout(PATIENCE.timeout)
    page.on('pageerror', (error) => this.errors.push(error.message))
  }

  static async open(browser: Browser, address: string, options: BrowserContextOptions = DESKTOP): Promise<LabWindow> {
    const window = new LabWindow(await (await browser.newContext(options)).newPage())
    await window.page.goto(`${address}/lab`)
    await window.page.locator('#live[data-state=live]').waitFor(PATIENCE)
    return window
  }

  /** Runs a story, and answers the title of its verdict. */
  async run(strategy: StrategyName, story: Exclude<Story, 'by-hand'>): Promise<string> {
    await this.page.locator(`.strategy:has(input[value=${strategy}])`).click()
    await this.page.locator(`.story[data-name=${story}]`).click()
    await this.page.locator(`.story[data-name=${story}][data-running]`).waitFor(PATIENCE)
    return this.verdict()
  }

  /** When the run is over. */
  async verdict(): Promise<string> {
    await this.page.locator('.story[data-name=contend]:not([aria-disabled=true])').waitFor(PATIENCE)
    return (await this.page.locator('#verdict h2').textContent()) ?? ''
  }

  /** What happened, in the order in which it was seen. */
  log(): Promise<string[]> {
    return this.page.locator('#log .what').allTextContents()
  }

  writes(outcome: 'sold' | 'again' | 'refused'): Promise<number> {
    return this.page.locator(`#lanes text.write[data-outcome=${outcome}]`).count()
  }

  /** Takes a picture, and asserts that the page can be used by everybody. */
  async inspect(name: string): Promise<void> {
    await this.photograph(name)
    await expectAccessible(this.page, name)
  }

  async photograph(name: string): Promise<void> {
    await this.page.screenshot({ path: `${ARTIFACTS}${name}.png`, animations: 'disabled', fullPage: true })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close()
  }
}
