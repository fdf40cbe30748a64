// Packs every published package and lets publint and "are the types wrong?" judge the tarball.

import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { messagesOf } from './messages.ts'
import { pack } from './pack.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { publishedPackages, root, type WorkspacePackage } from './workspace.ts'

const publint = join(root, 'node_modules', '.bin', 'publint')

async function judge(pkg: WorkspacePackage, folder: string): Promise<string> {
  const tarball = await pack(pkg, folder)
  await run(publint, ['run', tarball, '--strict'], folder)
  await judgeTypes(tarball)
  return basename(tarball)
}

/** In this process: its compiler is loaded once for all packages. */
async function judgeTypes(tarball: string): Promise<void> {
  const verdict = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))
  if (verdict.types === false) throw new Error(`${basename(tarball)} has no types`)
  // Resolution as in Node 10 knows no `exports`: Node 20 and up is what the packages support.
  const problems = verdict.problems.filter(
    (problem) => !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
  )
  if (problems.length > 0) throw new Error(`the types of ${basename(tarball)}: ${JSON.stringify(problems, null, 2)}`)
}

try {
  await withTemporaryFolder(async (folder) => {
    for (const pkg of publishedPackages()) console.log(`${await judge(pkg, folder)} passes publint and attw`)
  })
} catch (error) {
  console.error(messagesOf(error))
  process.exit(1)
}
