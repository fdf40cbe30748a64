import type { Browser, BrowserContextOptions } from 'playwright-core'
import { expect, test } from 'vitest'
import { Window } from './window.ts'

export interface OpenWindows {
  /** Opens a page of a shop, in a browser that nobody else uses. */
  readonly open: (browser: Browser, address: string, options?: BrowserContextOptions) => Promise<Window>
}

/** Tests with windows, which are closed at their end; no page may have met an error that nobody caught. */
export const testWithWindows = test.extend<OpenWindows>({
  open: async ({ task }, use) => {
    const windows: Window[] = []
    await use(async (browser, address, options) => {
      const window = await Window.open(browser, address, options)
      windows.push(window)
      return window
    })
    const errors = windows.flatMap((window) => window.errors)
    await Promise.all(windows.map(({ context }) => context.close()))
    expect(errors, `errors on the pages of "${task.name}"`).toEqual([])
  },
})
