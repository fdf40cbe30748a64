import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** WCAG 2.2 A and AA, and what axe-core advises besides. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const NARROW_PX = 320
const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** The page as it is now breaks no rule that a program can check: by day and by night, and on the narrowest of phones. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  const byDay = await offences(page, RULES)
  await page.emulateMedia({ colorScheme: 'dark' })
  const byNight = await offences(page, ['color-contrast'])
  await page.emulateMedia({ colorScheme: null })
  expect({ byDay, byNight, widthPx: await narrowest(page) }, name).toEqual({
    byDay: [],
    byNight: [],
    widthPx: NARROW_PX,
  })
}

async function offences(page: Page, only: string[]): Promise<string[]> {
  const options = JSON.stringify({ runOnly: only, resultTypes: ['violations'] })
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${options})`)
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`))
}

/** How wide the page is where a window is as narrow as can be: wider, and one has to scroll sideways to read a line. */
async function narrowest(page: Page): Promise<number> {
  const size = page.viewportSize()
  await page.setViewportSize({ width: NARROW_PX, height: 640 })
  const widthPx = await page.evaluate<number>('document.documentElement.scrollWidth')
  if (size !== null) await page.setViewportSize(size)
  return widthPx
}
