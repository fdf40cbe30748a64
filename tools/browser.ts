import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root } from './workspace.ts'

/** The shell comes first: it is Chromium without the window around the page, and takes two thirds of the processor's time. */
const names = ['chromium-headless-shell', 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const playwright = join(root, 'examples', 'ticketing', 'node_modules', '.bin', 'playwright-core')

const pathOf = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync)

/** The Chromium of this machine, or the one that is named. */
export const findBrowser = (): string | undefined =>
  process.env['CHROMIUM_PATH'] ?? names.map(pathOf).find((path) => path !== undefined)

/** Whatever it prints belongs on stderr. */
async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const [status] = await once(spawn(command, args, { stdio: ['ignore', 2, 2], env }), 'close')
  return status === 0
}

export const mayUseApt = (): boolean => process.getuid?.() === 0 && pathOf('apt-get') !== undefined

const INSTALL = ['install', '-y', '-qq', '--no-install-recommends']

const installWithApt = async (): Promise<boolean> =>
  (await succeeds('apt-get', ['update', '-qq'])) &&
  ((await succeeds('apt-get', [...INSTALL, 'chromium-headless-shell'])) ||
    (await succeeds('apt-get', [...INSTALL, 'chromium'])))

const installWithPlaywright = (): Promise<boolean> => succeeds(playwright, ['install', 'chromium'])

/**
 * Sees to it that the browser test finds a Chromium: one that is there; else Debian's, installed as root; else
 * Playwright's own, which is found without a path. Throws with the commands that help where nothing does.
 */
export async function provideBrowser(): Promise<string | undefined> {
  const found = findBrowser()
  if (found !== undefined) return found
  if (mayUseApt() && (await installWithApt())) return findBrowser()
  if (await installWithPlaywright()) return undefined
  throw new Error(
    'The browser test needs a Chromium. On Debian: sudo apt-get install -y chromium-headless-shell\n' +
      'Elsewhere: npx pnpm -C examples/ticketing exec playwright-core install --with-deps chromium\n' +
      'Or name one in CHROMIUM_PATH.',
  )
}
