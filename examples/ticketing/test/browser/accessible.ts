import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

/** WCAG 2.2 A and AA, and what axe-core advises besides. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
const NARROW_PX = 320
const LIKE = 'data-like-another'
const isDeep = process.env['LEASEHOLD_TIER'] === 'deep'
const AXE = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Pages at a width that were examined. */
const examined = new Set<string>()

/**
 * The page as it is now breaks no rule that a program can check: by day and by night, and on the narrowest of phones. Each page is examined once by the usual tests of a file, and in every state that a story brings it to by
 * `accessible.deep.test.ts`.
 */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  const kind = `${new URL(page.url()).pathname} ${page.viewportSize()?.width}`
  if (!isDeep && examined.has(kind)) return
  examined.add(kind)
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(AXE)
  await page.evaluate(LEAVE_OUT_THE_LIKE)
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

/** Of seats that look and are alike, three stand for all: to examine hundreds takes a second each time. */
const LEAVE_OUT_THE_LIKE = `
  const alike = new Map()
  for (const seat of document.querySelectorAll('[data-seat]')) {
    const { look, tier } = seat.dataset
    const kind = [look, tier, seat.className, seat.getAttribute('aria-pressed'), seat.getAttribute('aria-disabled')].join()
    alike.set(kind, (alike.get(kind) ?? 0) + 1)
    seat.toggleAttribute('${LIKE}', alike.get(kind) > 3 && seat !== document.activeElement)
  }
`

async function offences(page: Page, only: string[]): Promise<string[]> {
  const context = JSON.stringify({ include: ['html'], exclude: [`[${LIKE}]`] })
  const options = JSON.stringify({ runOnly: only, resultTypes: ['violations'] })
  const { violations } = await page.evaluate<AxeResults>(`axe.run(${context}, ${options})`)
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
