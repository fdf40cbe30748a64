import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Home, settle } from './home.ts'
import { run } from './run.ts'
import type { WorkspacePackage } from './workspace.ts'

/**
 * Packs the package as it would be published, but for the build, which is fresh already. Returns the tarball's path. With `home`, it says where it comes
 * from, and what it links to is there.
 */
export async function pack({ folder }: WorkspacePackage, into: string, home?: Home): Promise<string> {
  mkdirSync(into, { recursive: true })
  if (home === undefined) return packed('pnpm', folder, into)
  const aside = mkdtempSync(join(into, 'unpacked-'))
  await run('tar', ['-xzf', await packed('pnpm', folder, aside), '-C', aside], aside)
  const unpacked = join(aside, 'package')
  settle(unpacked, folder, home)
  return packed('npm', unpacked, into)
}

async function packed(program: 'npm' | 'pnpm', folder: string, into: string): Promise<string> {
  const ignoreScripts = program === 'pnpm' ? '--config.ignore-scripts=true' : '--ignore-scripts'
  const before = new Set(readdirSync(into))
  await run(program, ['pack', ignoreScripts, '--pack-destination', into], folder)
  const [tarball] = readdirSync(into).filter((name) => name.endsWith('.tgz') && !before.has(name))
  if (tarball === undefined) throw new Error(`${program} packed nothing in ${folder}`)
  return join(into, tarball)
}
