// Publishes every version that npm has not got yet, each package after those it depends on: `npx pnpm release`, in a workflow. `--dry` shows what would go out.

import { buildPackages } from './build-packages.ts'
import { type Home, homeOfThis } from './home.ts'
import { messagesOf } from './messages.ts'
import { pack } from './pack.ts'
import { hasChangesets, plannedVersions } from './planned-versions.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { publishedPackages, root, type WorkspacePackage } from './workspace.ts'

const isDry = process.argv.includes('--dry')

async function isPublished({ manifest: { name, version } }: WorkspacePackage): Promise<boolean> {
  try {
    return (await run('npm', ['view', `${name}@${version}`, 'version'], root)).trim() !== ''
  } catch (error) {
    if (/\bE404\b/.test(messagesOf(error))) return false
    throw error
  }
}

async function publish(folder: string): Promise<void> {
  if (hasChangesets()) throw new Error('there are changesets that no version has taken up: npx pnpm changeset version')
  const home = homeOfThis()
  for (const pkg of publishedPackages()) {
    const title = `${pkg.manifest.name}@${pkg.manifest.version}`
    if (await isPublished(pkg)) {
      console.log(`${title} is published already`)
      continue
    }
    await run('npm', ['publish', await pack(pkg, folder, home), '--access', 'public'], folder)
    console.log(`${title} is published`)
  }
}

async function show(folder: string): Promise<void> {
  const { home, problem } = whence()
  const versions = await plannedVersions(folder)
  for (const pkg of publishedPackages()) {
    const tarball = await pack(pkg, folder, home)
    const { name, version } = pkg.manifest
    console.log(`${name}@${versions.get(name) ?? version}`)
    console.log(
      (await run('tar', ['-tvzf', tarball], folder)).replaceAll(
        /^.{10} \S+ +(\d+) \S+ \S+ package\//gm,
        (_, bytes) => `  ${bytes.padStart(9)} `,
      ),
    )
  }
  if (problem !== undefined) throw new Error(`this cannot go out: ${problem}`)
  console.log(`from ${home?.url}, commit ${home?.commit}`)
}

function whence(): { home?: Home; problem?: string } {
  try {
    return { home: homeOfThis() }
  } catch (error) {
    return { problem: messagesOf(error) }
  }
}

try {
  await buildPackages()
  await withTemporaryFolder(isDry ? show : publish)
} catch (error) {
  console.error(messagesOf(error))
  process.exitCode = 1
}
