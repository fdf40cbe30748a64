// Makes the pictures of the lab in docs anew: `npx pnpm -C examples/ticketing pictures`

import { startService } from '../../src/stage/services.ts'
import { openLabStand } from '../lab-stand.ts'
import { launchChromium } from './chromium.ts'
import { LabWindow } from './lab-window.ts'

const PICTURES = new URL('../../../../docs/pictures/', import.meta.url).pathname
const SMALL = { viewport: { width: 960, height: 900 }, colorScheme: 'light' } as const

const DRAWN = [
  ['lease', 'freeze'],
  ['fenced-lease', 'freeze'],
  ['row-lock', 'freeze'],
] as const

const [database, locks] = await Promise.all([startService('postgres'), startService('redis')])
const stand = await openLabStand({ locks: locks.locks, database: database.database })
const browser = await launchChromium()
try {
  await using lab = await LabWindow.open(browser, stand.address, SMALL)
  await lab.page.addStyleTag({ content: '#legend, #verdict p { display: none } #verdict { min-height: 0 }' })
  for (const [strategy, story] of DRAWN) {
    const verdict = await lab.run(strategy, story)
    const path = `${PICTURES}lab-${strategy}-${story}.png`
    await lab.page.locator('.scene').screenshot({ path, animations: 'disabled' })
    console.log(`${path}: ${verdict}`)
  }
} finally {
  await browser.close()
  await stand[Symbol.asyncDispose]()
  await Promise.all([database.stop(), locks.stop()])
}
