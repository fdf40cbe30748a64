import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import { filesBelow } from './files.ts'
import { root, type WorkspacePackage } from './workspace.ts'

/** What a build was made from, and what it made: both must still be there for the build to be skipped. */
export interface Stamp {
  readonly inputs: string
  readonly outputs: string
}

const configuration = ['package.json', 'tsconfig.json', 'tsup.config.ts']
const shared = ['tsconfig.base.json', 'pnpm-lock.yaml']

function digest(base: string, files: readonly string[]): string {
  const hash = createHash('sha256')
  for (const file of files) {
    const content = existsSync(file) ? readFileSync(file) : Buffer.from('absent')
    hash.update(`${relative(base, file)}\0${content.length}\0`).update(content)
  }
  return hash.digest('hex')
}

/** `dependencies` are the folders of the workspace packages whose types this one is compiled against. */
export const inputsOf = ({ folder }: WorkspacePackage, dependencies: readonly string[]): string =>
  digest(root, [
    ...filesBelow(join(folder, 'src')).filter((file) => !file.endsWith('.test.ts')),
    ...configuration.map((name) => join(folder, name)),
    ...shared.map((name) => join(root, name)),
    ...dependencies.flatMap((dependency) => filesBelow(join(dependency, 'dist'))),
  ])

export const outputsIn = (folder: string): string => digest(folder, filesBelow(folder))

const stampFile = ({ folder }: WorkspacePackage): string =>
  join(root, 'node_modules', '.cache', 'leasehold', `${basename(folder)}.json`)

export function readStamp(pkg: WorkspacePackage): Stamp | undefined {
  const file = stampFile(pkg)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Stamp) : undefined
}

export function writeStamp(pkg: WorkspacePackage, stamp: Stamp): void {
  const file = stampFile(pkg)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, JSON.stringify(stamp))
}
