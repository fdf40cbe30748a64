import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Manifest {
  readonly name: string
  readonly version?: string
  readonly private?: boolean
  readonly scripts?: Readonly<Record<string, string>>
  readonly exports?: Readonly<Record<string, unknown>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly publishConfig?: { readonly provenance?: boolean }
  /** Written when it is packed for a release. */
  readonly repository?: { readonly url: string }
  readonly homepage?: string
  readonly bugs?: string
}

export interface WorkspacePackage {
  readonly folder: string
  readonly manifest: Manifest
}

export const readManifest = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest

const packagesIn = (parent: string): WorkspacePackage[] => {
  if (!existsSync(join(root, parent))) return []
  return readdirSync(join(root, parent))
    .map((name) => join(root, parent, name))
    .filter((folder) => existsSync(join(folder, 'package.json')))
    .map((folder) => ({ folder, manifest: readManifest(folder) }))
}

const packageAt = (folder: string): WorkspacePackage => ({
  folder: join(root, folder),
  manifest: readManifest(join(root, folder)),
})

export const workspacePackages = (): WorkspacePackage[] => [
  ...packagesIn('packages'),
  ...packagesIn('examples'),
  packageAt('bench'),
]

export const dependsOn = (one: WorkspacePackage, other: WorkspacePackage): boolean =>
  [one.manifest.dependencies, one.manifest.peerDependencies, one.manifest.devDependencies].some(
    (dependencies) => dependencies?.[other.manifest.name] !== undefined,
  )

/** The packages that are published, each after those it depends on. */
export function publishedPackages(): WorkspacePackage[] {
  const waiting = packagesIn('packages').filter(({ manifest }) => manifest.private !== true)
  const ordered: WorkspacePackage[] = []
  while (waiting.length > 0) {
    const next = waiting.findIndex((one) => !waiting.some((other) => other !== one && dependsOn(one, other)))
    if (next === -1) throw new Error(`packages depend on each other: ${waiting.map((one) => one.manifest.name)}`)
    ordered.push(...waiting.splice(next, 1))
  }
  return ordered
}
