import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type LabStand, openLabStand, openPagesAlone } from '../lab-stand.ts'
import { onThisMachine } from '../slowness.ts'
import { expectAccessible } from './accessible.ts'
import { describeLab } from './lab-stories.ts'
import { closeSurroundings, openSurroundings, type Surroundings } from './lab-surroundings.ts'
import { LabWindow } from './lab-window.ts'
import { PHONE } from './window.ts'

// For what hangs.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 })

const TTL_MS = 1000

let surroundings: Surroundings

beforeAll(async () => {
  surroundings = await openSurroundings()
})
afterAll(() => closeSurroundings(surroundings))

describeLab(['redis'], () => surroundings, { all: false })

describe('whatever keeps the locks', () => {
  let stand: LabStand

  beforeAll(async () => {
    stand = await openLabStand(surroundings.database, await onThisMachine(TTL_MS))
  })
  afterAll(() => stand?.[Symbol.asyncDispose]())

  test('without a lock, contention alone sells the seat more than once; a row lock does not', async () => {
    await using lab = await LabWindow.open(surroundings.browser, stand.address)
    await lab.inspect('lab-before-desktop')
    expect(await lab.run('no-lock', 'contend')).toMatch(/Sold (twice|3 times)/)
    await lab.photograph('lab-contend-no-lock-desktop')
    expect(await lab.run('row-lock', 'freeze')).toBe('Sold once')
    await lab.photograph('lab-freeze-row-lock-desktop')
  })

  test('by hand, a keyboard is enough; a phone that looks on sees the same', async () => {
    await using lab = await LabWindow.open(surroundings.browser, stand.address)
    await using phone = await LabWindow.open(surroundings.browser, stand.address, PHONE)
    await lab.page.locator('input[value=fenced-lease]').focus()
    await lab.page.keyboard.press('ArrowLeft')
    for (let tabs = 0; tabs < 6; tabs++) await lab.page.keyboard.press('Tab')
    await lab.page.keyboard.press('Enter')
    await lab.page.getByText(/is about to write$/).waitFor()
    for (const key of ['Tab', 'Tab', 'Enter']) await lab.page.keyboard.press(key)
    expect([await lab.verdict(), await phone.verdict()]).toEqual(['Sold twice', 'Sold twice'])
    expect(await lab.page.evaluate('document.activeElement.dataset.name')).toBe('freeze')
    await lab.page.emulateMedia({ forcedColors: 'active' })
    const borders = 'Array.from(document.querySelectorAll(".strategy"), ({ clientTop }) => clientTop)'
    expect(await lab.page.evaluate(borders), 'the chosen one without its colour').toEqual([1, 1, 3, 1])
    await phone.inspect('lab-freeze-unfenced-phone')
  })

  test('who comes late sees the whole run', async () => {
    await using lab = await LabWindow.open(surroundings.browser, stand.address)
    await lab.run('lease', 'contend')
    await using late = await LabWindow.open(surroundings.browser, stand.address)
    await expect.poll(() => late.log()).toEqual(await lab.log())
    expect(String(await lab.log()), 'who sweeps, and since which term').toMatch(
      /Elects node-\d to look after .*, term \d+/,
    )
  })

  test('what makes no sense, comes from another site, or comes at the wrong time is refused', async () => {
    const post = async (what: string, body: unknown, headers: Record<string, string> = {}) =>
      (await fetch(`${stand.address}/api/lab/${what}`, { method: 'POST', body: JSON.stringify(body), headers })).status
    const terms = { strategy: 'fenced-lease', story: 'kill' }
    expect(await post('run', { strategy: 'hope', story: 'kill' })).toBe(400)
    expect(await post('run', [])).toBe(400)
    expect(await post('choice', { choice: 'burn' })).toBe(400)
    expect(await post('choice', { choice: 'kill' })).toBe(409)
    expect(await post('run', terms, { 'sec-fetch-site': 'cross-site' })).toBe(403)
    await using lab = await LabWindow.open(surroundings.browser, stand.address)
    expect(await post('run', terms)).toBe(202)
    expect(await post('run', terms)).toBe(409)
    await lab.page.locator('.story[data-name=kill][data-running]').waitFor()
    await lab.inspect('lab-while-it-runs')
    expect(await lab.verdict()).toBe('Sold once')
  })

  test('a box office of one process says why it has no lab, and what to do', async () => {
    await using office = await openPagesAlone()
    const page = await surroundings.browser.newPage()
    await page.goto(`${office.address}/lab`)
    await page.getByText('The lab needs several servers').waitFor()
    await page.getByText('npx pnpm demo --nodes 3 --with redis').waitFor()
    await expectAccessible(page, 'no-lab')
    await page.close()
  })
})
