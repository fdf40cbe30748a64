// Runs one check by itself, on a fresh build. `npx pnpm check:types`; arguments go to the check.

import { spawnSync } from 'node:child_process'
import { buildPackages } from './build-packages.ts'
import { checkNamed } from './checks.ts'
import { messagesOf } from './messages.ts'
import { root } from './workspace.ts'

const [name = '', ...args] = process.argv.slice(2)

try {
  const { command, needsBuild } = checkNamed(name)
  if (needsBuild) await buildPackages()
  const [program = '', ...own] = command
  const { status, error } = spawnSync(program, [...own, ...args], { cwd: root, stdio: 'inherit' })
  if (error !== undefined) throw error
  process.exitCode = status ?? 1
} catch (error) {
  console.error(messagesOf(error))
  process.exitCode = 1
}
