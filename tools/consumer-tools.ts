import { join } from 'node:path'
import { link } from './packed-core.ts'
import { run } from './run.ts'
import { readManifest, root } from './workspace.ts'

const folder = join(root, 'tools', 'consumer-tools')

/**
 * Compilers, bundlers and test runners that projects of users are built and run with. Nothing else needs them: they are installed when they are first
 * asked for, as their own lockfile says.
 */
export async function addTools(project: string): Promise<void> {
  const options = ['--frozen-lockfile', '--ignore-workspace', '--ignore-scripts', '--prefer-offline']
  await run('pnpm', ['install', ...options], folder)
  for (const name of Object.keys(readManifest(folder).dependencies ?? {})) {
    link(join(folder, 'node_modules', name), project, name)
  }
  link(join(root, 'node_modules', 'esbuild'), project, 'esbuild')
}
