import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

/** Runs the command with as little of each contest as can be. */
export const bench = (...args: readonly string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', CLI, '--quick', ...args], { encoding: 'utf8' })
