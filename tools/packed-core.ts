import { cpSync, mkdirSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { pack } from './pack.ts'
import { run } from './run.ts'
import { publishedPackages, root } from './workspace.ts'

export const consumers = join(root, 'tools', 'consumers')

/** Node's types, which a project brings itself; the rest of its world is the tarball. */
const NODE_TYPES = '@types/node'

export async function packCore(into: string): Promise<string> {
  const core = publishedPackages().find(({ manifest }) => manifest.name === '@leasehold/core')
  if (core === undefined) throw new Error('there is no package @leasehold/core')
  return pack(core, into)
}

/** A project with nothing but its own files and packed packages, as a user's. Drivers are left to `addDrivers`. */
export async function createConsumer(name: string, tarballs: readonly string[], folder: string): Promise<void> {
  cpSync(join(consumers, name), folder, { recursive: true })
  const options = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps']
  await run('npm', ['install', ...options, ...tarballs], folder)
  link(join(root, 'node_modules', NODE_TYPES), folder, NODE_TYPES)
}

/** Another one, with what is installed in the first. */
export function createConsumerLike(first: string, name: string, folder: string): void {
  cpSync(join(consumers, name), folder, { recursive: true })
  cpSync(join(first, 'node_modules'), join(folder, 'node_modules'), { recursive: true, verbatimSymlinks: true })
}

/** Those of this repository, which are there already. */
export function addDrivers(project: string): void {
  for (const { folder, manifest } of publishedPackages()) {
    for (const driver of Object.keys(manifest.peerDependencies ?? {})) {
      link(join(folder, 'node_modules', driver), project, driver)
    }
  }
  link(join(root, 'packages', 'postgres', 'node_modules', '@types', 'pg'), project, '@types/pg')
}

export function link(target: string, project: string, name: string): void {
  const place = join(project, 'node_modules', name)
  mkdirSync(dirname(place), { recursive: true })
  symlinkSync(target, place)
}
