import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

/**
 * Pages of Chromium's own that are made ready behind every window, and are never looked at: they cost more than half of what a window costs. The
 * rest is what Playwright turns off, since of two such lists the last one counts.
 */
const WITHOUT = [
  'WebUIOmniboxPopup',
  'WebUIOmniboxAimPopup',
  'SpareRendererForSitePerProcess',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'DestroyProfileOnBrowserClose',
  'HttpsUpgrades',
  'HttpsFirstBalancedModeAutoEnable',
  'LensOverlay',
  'MediaRouter',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'OptimizationHints',
  'NetworkTimeServiceQuerying',
  'AimEnabled',
  'PreconnectToSearch',
]

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  `--disable-features=${WITHOUT.join(',')}`,
]

/** Says which browser it takes, or how to get one: these tests are never skipped. */
export async function launchChromium(): Promise<Browser> {
  const candidates = [
    process.env['CHROMIUM_PATH'],
    '/usr/bin/chromium-headless-shell',
    '/usr/bin/chromium',
    chromium.executablePath(),
  ]
  const executablePath = candidates.find((path) => path !== undefined && path !== '' && existsSync(path))
  if (executablePath === undefined) {
    throw new Error(
      'The browser tests need Chromium. On Debian: "apt-get install -y chromium-headless-shell"; elsewhere: "npx playwright-core install chromium"; ' +
        'or name one in CHROMIUM_PATH.',
    )
  }
  return chromium.launch({ executablePath, args: ARGS })
}
