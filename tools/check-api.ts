// Compares the types that the build emits with the pinned ones in each package's api folder: `--update` pins anew. And options accept `undefined`.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { apiReports, programOf } from './api-report.ts'
import { entriesOf } from './entries.ts'
import { propertiesThatRefuseUndefined } from './exact-options.ts'
import { filesBelow } from './files.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { publishedPackages, root, type WorkspacePackage } from './workspace.ts'

interface Report {
  readonly pinnedFile: string
  readonly emitted: string
}

const packages = publishedPackages()
const program = programOf(packages.flatMap(entriesOf))

const reportsOf = ({ folder, manifest }: WorkspacePackage): Report[] =>
  [...apiReports(program, manifest.name, entriesOf({ folder, manifest }))].map(([entry, emitted]) => ({
    pinnedFile: join(folder, 'api', `${entry.name}.api.md`),
    emitted,
  }))

const isPinned = ({ pinnedFile, emitted }: Report): boolean =>
  existsSync(pinnedFile) && readFileSync(pinnedFile, 'utf8') === emitted

function pin({ pinnedFile, emitted }: Report): void {
  mkdirSync(join(pinnedFile, '..'), { recursive: true })
  writeFileSync(pinnedFile, emitted)
}

const showDifference = ({ pinnedFile, emitted }: Report): Promise<void> =>
  withTemporaryFolder(async (folder) => {
    const emittedFile = join(folder, basename(pinnedFile))
    writeFileSync(emittedFile, emitted)
    const pinned = existsSync(pinnedFile) ? relative(root, pinnedFile) : '/dev/null'
    spawnSync('git', ['--no-pager', 'diff', '--no-index', pinned, emittedFile], { cwd: root, stdio: 'inherit' })
  })

const reports = packages.flatMap(reportsOf)
const orphans = packages
  .flatMap(({ folder }) => filesBelow(join(folder, 'api')))
  .filter((file) => !reports.some((report) => report.pinnedFile === file))
const changed = reports.filter((report) => !isPinned(report))

const refusals = packages.flatMap(({ folder }) => propertiesThatRefuseUndefined(program, join(folder, 'dist')))
for (const refusal of refusals) console.error(refusal)
if (refusals.length > 0) process.exitCode = 1

if (process.argv.includes('--update')) {
  for (const report of changed) pin(report)
  for (const file of orphans) rmSync(file)
  console.log(`${changed.length} of ${reports.length} entries pinned anew`)
} else if (changed.length > 0 || orphans.length > 0) {
  for (const report of changed) await showDifference(report)
  for (const file of orphans) console.error(`no such entry any more: ${relative(root, file)}`)
  console.error('The public API changed. If it should: npx pnpm check:api --update, and add a changeset.')
  process.exit(1)
} else {
  console.log(`${reports.length} entries as pinned`)
}
