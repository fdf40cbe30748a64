import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root } from './workspace.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const playwright = join(root, 'examples', 'ticketing', 'node_modules', '.bin', 'playwright-core')

const pathOf = (name: string): string | undefined =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(existsSync)

const present = (): string | undefined =>
  process.env['CHROMIUM_PATH'] ?? names.map(pathOf).find((path) => path !== undefined)

/** Whatever it prints belongs on stderr. */
const succeeds = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, {
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0

const mayUseApt = (): boolean => process.getuid?.() === 0 && pathOf('apt-get') !== undefined

const installWithApt = (): boolean =>
  succeeds('apt-get', ['update', '-qq']) &&
  succeeds('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])

const installWithPlaywright = (): boolean => succeeds(playwright, ['install', 'chromium'])

/**
 * Sees to it that the browser test finds a Chromium: one that is there; else Debian's, installed as root; else
 * Playwright's own, which is found without a path. Throws with the commands that help where nothing does.
 */
export function provideBrowser(): string | undefined {
  const found = present()
  if (found !== undefined) return found
  if (mayUseApt() && installWithApt()) return present()
  if (installWithPlaywright()) return undefined
  throw new Error(
    'The browser test needs a Chromium. On Debian: sudo apt-get install -y chromium\n' +
      'Elsewhere: npx pnpm -C examples/ticketing exec playwright-core install --with-deps chromium\n' +
      'Or name one in CHROMIUM_PATH.',
  )
}
