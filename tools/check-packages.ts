// Packs every published package as a release would, and lets publint and "are the types wrong?" judge the tarball. Then what a reader of its page needs.

import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { commitOfThis, type Home, RELATIVE_LINK } from './home.ts'
import { messagesOf } from './messages.ts'
import { pack } from './pack.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { type Manifest, publishedPackages, root, type WorkspacePackage } from './workspace.ts'

const publint = join(root, 'node_modules', '.bin', 'publint')

/** A release has that of the repository that it is made from. */
const home: Home = { url: 'https://repository.invalid/leasehold/leasehold', commit: commitOfThis() }

async function judge(pkg: WorkspacePackage, folder: string): Promise<string> {
  const tarball = await pack(pkg, join(folder, basename(pkg.folder)), home)
  await run(publint, ['run', tarball, '--strict'], folder)
  await judgeTypes(tarball)
  await judgePage(tarball, folder)
  await judgeImports(tarball, folder)
  return basename(tarball)
}

/** In this process: its compiler is loaded once for all packages. */
async function judgeTypes(tarball: string): Promise<void> {
  const verdict = await checkPackage(createPackageFromTarballData(readFileSync(tarball)))
  if (verdict.types === false) throw new Error(`${basename(tarball)} has no types`)
  const { problems } = verdict
  if (problems.length > 0) throw new Error(`the types of ${basename(tarball)}: ${JSON.stringify(problems, null, 2)}`)
}

/** npm refuses provenance to a package that does not say where it comes from, and shows a README whose links lead nowhere as it is. */
async function judgePage(tarball: string, folder: string): Promise<void> {
  const read = (name: string) => run('tar', ['-xzOf', tarball, `package/${name}`], folder)
  const { repository, homepage, bugs, publishConfig } = JSON.parse(await read('package.json')) as Manifest
  const problems = [
    ...(repository?.url === `git+${home.url}.git` ? [] : ['repository.url']),
    ...(homepage?.startsWith(home.url) ? [] : ['homepage']),
    ...(bugs?.startsWith(home.url) ? [] : ['bugs']),
    ...(publishConfig?.provenance === true ? [] : ['publishConfig.provenance']),
    ...((await read('README.md')).match(RELATIVE_LINK) ?? []),
  ]
  if (problems.length > 0) throw new Error(`${basename(tarball)} lacks, or links to what npm has not: ${problems}`)
}

const IMPORT = /\b(?:from|import|require)\s*\(?\s*["']([^"'\s]+)["']/g

/** Deno, and workerd with some of its dates, know the modules of Node by their whole names alone. */
async function judgeImports(tarball: string, folder: string): Promise<void> {
  const code = await run('tar', ['-xzOf', tarball, '--wildcards', 'package/dist/*js'], folder)
  const imported = new Set([...code.matchAll(IMPORT)].map(([, name = '']) => name))
  const bare = builtinModules.filter((name) => imported.has(name))
  if (bare.length > 0) throw new Error(`${basename(tarball)} imports without "node:" ${bare}`)
  if (imported.size === 0) throw new Error(`${basename(tarball)} imports nothing: is this still how imports look?`)
}

try {
  await withTemporaryFolder(async (folder) => {
    for (const pkg of publishedPackages()) console.log(`${await judge(pkg, folder)} passes publint and attw`)
  })
} catch (error) {
  console.error(messagesOf(error))
  process.exit(1)
}
