import { basename } from 'node:path'
import { type Check, checks, checksOf } from '../checks.ts'
import { workspacePackages } from '../workspace.ts'
import type { TestFile } from './test-files.ts'

/** What a run is about. */
export interface Selection {
  readonly checks: readonly Check[]
  readonly files: readonly TestFile[]
}

/** The suites of these belong to a package of another name. */
const suitesOfCore = ['memory', 'loopback']

const packages = workspacePackages().map((pkg) => ({ ...pkg, name: basename(pkg.folder) }))

/** All of it, or what concerns the packages and set-ups of backends that are named. Throws for a name that nobody has. */
export function select(files: readonly TestFile[], names: readonly string[]): Selection {
  if (names.length === 0) return { checks, files }
  const known = knownNames(files)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`there is nothing called "${unknown.join('", "')}"; known: ${known.join(', ')}`)
  }
  const chosen = packages.filter(({ name }) => names.includes(name))
  return {
    checks: chosen.length === 0 ? [] : checksOf(chosen),
    files: files.filter((file) => names.some((name) => concerns(file, name))),
  }
}

const knownNames = (files: readonly TestFile[]): string[] => [
  ...new Set([...packages.map(({ name }) => name), ...files.flatMap(({ suite }) => suite ?? [])]),
]

/** A package takes the suites of all its set-ups along: `redis` that of `redis-cluster`, too. */
function concerns(file: TestFile, name: string): boolean {
  if (file.suite === undefined) return file.package === name
  const isPackage = packages.some((pkg) => pkg.name === name)
  return (
    file.suite === name ||
    (isPackage && file.suite.startsWith(`${name}-`)) ||
    (name === 'core' && suitesOfCore.includes(file.suite))
  )
}
