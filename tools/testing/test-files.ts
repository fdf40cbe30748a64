import { basename, dirname, join, relative, sep } from 'node:path'
import { filesBelow } from '../files.ts'
import { root, workspacePackages } from '../workspace.ts'

/** What runs with every change, or what looks deeper and takes longer: `*.deep.test.ts`. */
export type Tier = 'usual' | 'deep'

export interface TestFile {
  /** As seen from the root of the repository. */
  readonly path: string
  readonly tier: Tier
  /** `redis` */
  readonly package: string
  /** The set-up whose conformance suite it is: `redis-cluster`. */
  readonly suite: string | undefined
}

const suiteName = /^(.+)-conformance(?:[.]deep)?[.]test[.]ts$/

/** What its line in the report is called. */
export const groupOf = ({ package: name, suite }: TestFile): string => (suite === undefined ? name : `suite ${suite}`)

export const tierOf = (path: string): Tier => (path.endsWith('.deep.test.ts') ? 'deep' : 'usual')

/** Every file of tests in the repository. */
export const allTestFiles = (): TestFile[] =>
  workspacePackages().flatMap(({ folder }) =>
    ['src', 'test']
      .flatMap((part) => filesBelow(join(folder, part)))
      .filter((file) => file.endsWith('.test.ts'))
      .map((file) => testFile(relative(root, file).split(sep).join('/'), basename(folder))),
  )

const testFile = (path: string, packageName: string): TestFile => ({
  path,
  tier: tierOf(path),
  package: packageName,
  suite: basename(dirname(path)) === 'test' ? suiteName.exec(basename(path))?.[1] : undefined,
})
