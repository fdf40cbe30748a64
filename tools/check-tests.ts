// Runs the tests of every package, and holds that each package has some that pass. Arguments go to vitest.
// Files of the deep tier are found when they are asked for: `npx pnpm check:tests path/to/one.deep.test.ts`.

import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { provideBrowser } from './browser.ts'
import { tierOf } from './testing/test-files.ts'
import { vitestEnvironment } from './testing/vitest-environment.ts'
import { root } from './workspace.ts'

const args = process.argv.slice(2)

const reporters = ['--reporter=default', '--reporter=./tools/last-words.ts']
/** A run of chosen files leaves projects out: only the whole run is held to cover each. */
if (args.length === 0) reporters.push('--reporter=./tools/every-project-tests.ts')

const tier = args.some((argument) => tierOf(argument) === 'deep') ? 'deep' : 'usual'
const result = spawnSync(join(root, 'node_modules', '.bin', 'vitest'), ['run', ...reporters, ...args], {
  cwd: root,
  stdio: 'inherit',
  env: vitestEnvironment(tier, await provideBrowser()),
})
if (result.error) throw result.error
process.exitCode = result.status ?? 1
