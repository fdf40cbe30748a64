// Sees to it that the browser test finds a Chromium: one that is there; else Debian's or Ubuntu's, as root; else Playwright's.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { root } from './workspace.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
const playwright = join(root, 'examples', 'ticketing', 'node_modules', '.bin', 'playwright-core')

const onPath = (name: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, name)))

/** Whatever it prints belongs on stderr. */
const succeeds = (command: string, args: readonly string[]): boolean =>
  spawnSync(command, args, {
    stdio: ['ignore', process.stderr, process.stderr],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  }).status === 0

const isThere = (): boolean => process.env['CHROMIUM_PATH'] !== undefined || names.some(onPath)

const mayUseApt = (): boolean => process.getuid?.() === 0 && onPath('apt-get')

const installWithApt = (): boolean =>
  succeeds('apt-get', ['update', '-qq']) &&
  succeeds('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium'])

const installWithPlaywright = (): boolean => succeeds(playwright, ['install', 'chromium'])

const isProvided = isThere() || (mayUseApt() && installWithApt()) || installWithPlaywright()
if (!isProvided) {
  console.error('The browser test needs a Chromium. On Debian or Ubuntu: sudo apt-get install chromium')
  console.error('Elsewhere: npx pnpm -C examples/ticketing exec playwright-core install --with-deps chromium')
  process.exit(1)
}
