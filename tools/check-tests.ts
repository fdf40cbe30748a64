// Runs the tests of every package, and holds that each package has some that pass. Arguments go to vitest.

import { spawnSync } from 'node:child_process'
import { existsSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { provideBrowser } from './browser.ts'
import { root } from './workspace.ts'

/** Bytes that the data of all servers take at most. */
const ROOM_NEEDED = 4 * 2 ** 30

const args = process.argv.slice(2)
const browser = provideBrowser()

const reporters = ['--reporter=default', '--reporter=./tools/last-words.ts']
/** A run of chosen files leaves projects out: only the whole run is held to cover each. */
if (args.length === 0) reporters.push('--reporter=./tools/every-project-tests.ts')

const result = spawnSync(join(root, 'node_modules', '.bin', 'vitest'), ['run', ...reporters, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...quickDisk(), ...process.env, ...(browser === undefined ? {} : { CHROMIUM_PATH: browser }) },
})
if (result.error) throw result.error
process.exitCode = result.status ?? 1

/** Servers write to the disk what they must not lose. Here only processes fail, no machines: a disk that is kept busy by others need not make the servers late. */
function quickDisk(): NodeJS.ProcessEnv {
  const memory = '/dev/shm'
  if (!existsSync(memory)) return {}
  const { bavail, bsize } = statfsSync(memory)
  return bavail * bsize > ROOM_NEEDED ? { TMPDIR: memory } : {}
}
