import type { Browser, BrowserContextOptions } from 'playwright-core'
import { expect, test } from 'vitest'
import { UsedWindows } from './used-windows.ts'
import type { Window } from './window.ts'

export interface OpenWindows {
  /** Opens a page of a shop, in a browser that nobody else uses. */
  readonly open: (browser: Browser, address: string, options?: BrowserContextOptions) => Promise<Window>
}

const usedWindows = new UsedWindows()

/** Tests with windows, which are given back at their end; no page may have met an error that nobody caught. */
export const testWithWindows = test.extend<OpenWindows>({
  open: async ({ task }, use) => {
    const windows: Window[] = []
    await use(async (browser, address, options) => {
      const window = await usedWindows.open(browser, address, options)
      windows.push(window)
      return window
    })
    const errors = windows.flatMap((window) => window.errors)
    await Promise.all(windows.map((window) => usedWindows.takeBack(window)))
    expect(errors, `errors on the pages of "${task.name}"`).toEqual([])
  },
})
