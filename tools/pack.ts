import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'
import type { WorkspacePackage } from './workspace.ts'

/** Packs the package as it would be published, but for the build, which is fresh already. Returns the tarball's path. */
export async function pack({ folder }: WorkspacePackage, into: string): Promise<string> {
  const before = new Set(readdirSync(into))
  await run('pnpm', ['pack', '--config.ignore-scripts=true', '--pack-destination', into], folder)
  const [tarball] = readdirSync(into).filter((name) => name.endsWith('.tgz') && !before.has(name))
  if (tarball === undefined) throw new Error(`pnpm packed nothing in ${folder}`)
  return join(into, tarball)
}
