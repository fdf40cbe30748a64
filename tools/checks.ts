import { join, relative } from 'node:path'
import { readManifest, root, type WorkspacePackage } from './workspace.ts'

/** One check of this repository, other than its tests. `npx pnpm check:<name>` runs it alone. */
export interface Check {
  readonly name: string
  readonly command: readonly string[]
  /** Reads what the build made. */
  readonly needsBuild: boolean
  /** What it says about one package: `folder` takes the folder for an argument, `published` is about those that are. Default: nothing. */
  readonly ofPackage?: 'folder' | 'published'
}

const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const script = (name: string): string[] => [process.execPath, '--import', 'tsx', join(root, 'tools', name)]

/** The quickest to fail come first. */
export const checks: readonly Check[] = [
  {
    name: 'style',
    command: [bin('biome'), 'check', '--error-on-warnings', '--max-diagnostics=200'],
    needsBuild: false,
    ofPackage: 'folder',
  },
  { name: 'types', command: script('check-types.ts'), needsBuild: true, ofPackage: 'folder' },
  { name: 'snippets', command: script('check-snippets.ts'), needsBuild: false },
  { name: 'size', command: script('check-size.ts'), needsBuild: true, ofPackage: 'published' },
  { name: 'api', command: script('check-api.ts'), needsBuild: true, ofPackage: 'published' },
  { name: 'imports', command: [bin('depcruise'), '--config', '.dependency-cruiser.mjs', '.'], needsBuild: true },
  { name: 'unused', command: [bin('knip')], needsBuild: true },
]

/** Run in the deep tier. */
export const deepChecks: readonly Check[] = [
  { name: 'packages', command: script('check-packages.ts'), needsBuild: true },
  { name: 'consumers', command: script('check-consumers.ts'), needsBuild: true },
  {
    // The compiler that most users have, and each project by itself. The usual tier takes less than an eighth of its time.
    name: 'types --typescript-5',
    command: [...script('check-types.ts'), '--typescript-5'],
    needsBuild: true,
  },
]

/** Of the checks, those that say something about some packages alone. */
export function checksOf(packages: readonly WorkspacePackage[]): Check[] {
  const folders = packages.map(({ folder }) => relative(root, folder))
  const published = packages.some(({ manifest }) => manifest.private !== true)
  return checks
    .filter(({ ofPackage }) => ofPackage === 'folder' || (ofPackage === 'published' && published))
    .map((check) => (check.ofPackage === 'folder' ? { ...check, command: [...check.command, ...folders] } : check))
}

/** Scripts of package.json that would be run by nobody but by hand. */
export function forgottenChecks(): string[] {
  const known = [...[...checks, ...deepChecks].map(({ name }) => `check:${name}`), 'check:tests']
  const scripts = Object.keys(readManifest(root).scripts ?? {})
  return scripts.filter((script) => script.startsWith('check:') && !known.includes(script))
}

export function checkNamed(name: string): Check {
  const all = [...checks, ...deepChecks]
  const check = all.find((candidate) => candidate.name === name)
  if (check === undefined) throw new Error(`there is no check "${name}"; known: ${all.map((one) => one.name)}`)
  return check
}
