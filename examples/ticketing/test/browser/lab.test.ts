import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type DatabaseService, type Service, type ServiceName, startService } from '../../src/stage/services.ts'
import { type LabStand, openLabStand, openPagesAlone } from '../lab-stand.ts'
import { expectAccessible } from './accessible.ts'
import { launchChromium } from './chromium.ts'
import { LabWindow } from './lab-window.ts'
import { PHONE } from './window.ts'

vi.setConfig({ testTimeout: 90_000, hookTimeout: 90_000 })

const SHORT_TTL_MS = 1000

let browser: Browser
let database: DatabaseService

beforeAll(async () => {
  browser = await launchChromium()
  database = await startService('postgres')
})
afterAll(async () => {
  await browser?.close()
  await database?.stop()
})

const LOCK_SERVERS: readonly ServiceName[] = ['redis', 'postgres', 'etcd']

// Each on a lab of its own: they wait for leases to end, and may wait together.
describe.concurrent.each(LOCK_SERVERS)('with locks in %s', (name) => {
  let service: Service
  let stand: LabStand
  let lab: LabWindow

  beforeAll(async () => {
    service = name === 'postgres' ? { ...database, stop: async () => {} } : await startService(name)
    stand = await openLabStand({ locks: service.locks, database: database.database })
    lab = await LabWindow.open(browser, stand.address)
  })
  afterAll(async () => {
    const errors = lab?.errors ?? []
    await lab?.[Symbol.asyncDispose]()
    await stand?.[Symbol.asyncDispose]()
    await service?.stop()
    expect(errors).toEqual([])
  })

  test.sequential('the write of a server that was frozen is refused by the fence', async () => {
    expect(await lab.run('fenced-lease', 'freeze')).toBe('Late write refused, sold once')
    expect([await lab.writes('sold'), await lab.writes('refused'), await lab.writes('again')]).toEqual([1, 1, 0])
    const seen = (await lab.log()).join('\n')
    expect(seen).toMatch(
      /SIGSTOP.*The time of (node-\d) is over.*writes: the seat is sold.*SIGCONT.*The late write of \1 is refused/s,
    )
    expect(seen).toMatch(/gets the money back/)
    await lab.photograph(`lab-${name}-freeze-fenced-desktop`)
  })

  test.sequential('without fencing, the frozen server sells the seat again', async () => {
    expect(await lab.run('lease', 'freeze')).toBe('Sold twice')
    expect([await lab.writes('sold'), await lab.writes('again')]).toEqual([1, 1])
    await lab.photograph(`lab-${name}-freeze-unfenced-desktop`)
  })

  test.sequential('the seat of a server that was killed comes back, and is sold once', async () => {
    expect(await lab.run('fenced-lease', 'kill')).toBe('Sold once')
    const seen = (await lab.log()).join('\n')
    expect(seen).toMatch(/SIGKILL.*The time of (node-\d) is over.*writes: the seat is sold/s)
    expect(seen).toMatch(/Started again/)
    expect(seen).toMatch(/gets the money back/)
    await lab.photograph(`lab-${name}-kill-fenced-desktop`)
  })

  test.sequential('a server that is cut off from the lock server, but not from the database, is refused by the fence', async () => {
    expect(await lab.run('fenced-lease', 'cut-off')).toBe('Late write refused, sold once')
    expect(await lab.writes('refused')).toBe(1)
    expect((await lab.log()).join('\n')).toMatch(/Cut off.*Trusts its lease no more.*is refused.*line.*is back/s)
    await lab.photograph(`lab-${name}-cut-off-fenced-desktop`)
  })

  test.sequential('a server whose clock is set forward trusts its lease too little, and harms nobody', async () => {
    expect(await lab.run('fenced-lease', 'clock')).toMatch(/sold once/i)
    expect((await lab.log()).join('\n')).toMatch(
      /set forward by a minute.*Trusts its lease no more.*Goes on, and writes/s,
    )
    expect(await lab.writes('again')).toBe(0)
    await lab.photograph(`lab-${name}-clock-fenced-desktop`)
  })
})

describe('whatever keeps the locks', () => {
  let stand: LabStand

  beforeAll(async () => {
    stand = await openLabStand({ locks: database.locks, database: database.database }, SHORT_TTL_MS)
  })
  afterAll(() => stand?.[Symbol.asyncDispose]())

  test('without a lock, contention alone sells the seat more than once; a row lock does not', async () => {
    await using lab = await LabWindow.open(browser, stand.address)
    await lab.inspect('lab-before-desktop')
    expect(await lab.run('no-lock', 'contend')).toMatch(/Sold (twice|3 times)/)
    await lab.photograph('lab-contend-no-lock-desktop')
    expect(await lab.run('row-lock', 'freeze')).toBe('Sold once')
    await lab.photograph('lab-freeze-row-lock-desktop')
  })

  test('by hand, a keyboard is enough; a phone that looks on sees the same', async () => {
    await using lab = await LabWindow.open(browser, stand.address)
    await using phone = await LabWindow.open(browser, stand.address, PHONE)
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
    await using lab = await LabWindow.open(browser, stand.address)
    await lab.run('lease', 'contend')
    await using late = await LabWindow.open(browser, stand.address)
    await expect.poll(() => late.log()).toEqual(await lab.log())
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
    await using lab = await LabWindow.open(browser, stand.address)
    expect(await post('run', terms)).toBe(202)
    expect(await post('run', terms)).toBe(409)
    await lab.page.locator('.story[data-name=kill][data-running]').waitFor()
    await lab.inspect('lab-while-it-runs')
    expect(await lab.verdict()).toBe('Sold once')
  })

  test('a box office of one process says why it has no lab, and what to do', async () => {
    await using office = await openPagesAlone()
    const page = await browser.newPage()
    await page.goto(`${office.address}/lab`)
    await page.getByText('The lab needs several servers').waitFor()
    await page.getByText('npx pnpm demo --nodes 3 --with redis').waitFor()
    await expectAccessible(page, 'no-lab')
    await page.close()
  })
})
