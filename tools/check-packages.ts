// Packs every published package and lets publint and attw judge the tarball.

import { basename, join } from 'node:path'
import { pack } from './pack.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { publishedPackages, root, type WorkspacePackage } from './workspace.ts'

const bin = (name: string): string => join(root, 'node_modules', '.bin', name)

/** Resolution as in Node 10 knows no `exports`: Node 20 and up is what the packages support. */
const attwArguments = ['--profile', 'node16', '--no-emoji']

async function judge(pkg: WorkspacePackage, folder: string): Promise<string> {
  const tarball = await pack(pkg, folder)
  await run(bin('publint'), ['run', tarball, '--strict'], folder)
  await run(bin('attw'), [tarball, ...attwArguments], folder)
  return basename(tarball)
}

try {
  await withTemporaryFolder(async (folder) => {
    for (const pkg of publishedPackages()) console.log(`${await judge(pkg, folder)} passes publint and attw`)
  })
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}
