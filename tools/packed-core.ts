import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pack } from './pack.ts'
import { run } from './run.ts'
import { publishedPackages, root } from './workspace.ts'

export const consumers = join(root, 'tools', 'consumers')

/** Node's types, which a project brings itself; the rest of its world is the tarball. */
const nodeTypes = join(root, 'node_modules', '@types', 'node')

export async function packCore(into: string): Promise<string> {
  const core = publishedPackages().find(({ manifest }) => manifest.name === '@leasehold/core')
  if (core === undefined) throw new Error('there is no package @leasehold/core')
  return pack(core, into)
}

/** A project with nothing but its own files and the packed core, as a user's. */
export async function createConsumer(name: string, tarball: string, folder: string): Promise<void> {
  cpSync(join(consumers, name), folder, { recursive: true })
  await run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], folder)
  const types = join(folder, 'node_modules', '@types', 'node')
  mkdirSync(dirname(types), { recursive: true })
  symlinkSync(nodeTypes, types)
}

/** Another one, with what npm has installed into the first. */
export function createConsumerLike(first: string, name: string, folder: string): void {
  cpSync(join(consumers, name), folder, { recursive: true })
  cpSync(join(first, 'node_modules'), join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true })
}
