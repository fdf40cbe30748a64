import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inputsOf, outputsIn, readStamp, writeStamp } from './build-stamp.ts'
import { writeDeclarations } from './declarations.ts'
import { run } from './run.ts'
import { dependsOn, publishedPackages, root, type WorkspacePackage } from './workspace.ts'

/** Beside `dist`, so that source maps stay right when it moves; of this process alone, since others may build as well. */
const next = `dist.next-${process.pid}`
const last = `dist.last-${process.pid}`

/** False: another build of the same package came in between. */
function moved(from: string, to: string): boolean {
  try {
    renameSync(from, to)
    return true
  } catch (error) {
    if (['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(String((error as NodeJS.ErrnoException).code))) return false
    throw error
  }
}

/** Whoever reads `dist` meanwhile sees the last good build, but for the moment between two renames. */
function replaceDist(folder: string): void {
  moved(join(folder, 'dist'), join(folder, last))
  moved(join(folder, next), join(folder, 'dist'))
}

function discardLeftovers(folder: string): void {
  for (const name of [next, last]) rmSync(join(folder, name), { recursive: true, force: true })
}

/** Returns what it made. */
async function build(pkg: WorkspacePackage): Promise<string> {
  const startedMs = performance.now()
  const output = join(pkg.folder, next)
  try {
    const tsup = join(root, 'node_modules', '.bin', 'tsup')
    await Promise.all([run(tsup, ['--out-dir', next], pkg.folder), writeDeclarations(pkg, output)])
    const outputs = outputsIn(output)
    replaceDist(pkg.folder)
    process.stderr.write(`built ${pkg.manifest.name} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`)
    return outputs
  } catch (error) {
    throw new Error(`${pkg.manifest.name} does not build`, { cause: error })
  } finally {
    discardLeftovers(pkg.folder)
  }
}

async function refresh(pkg: WorkspacePackage, dependencies: readonly WorkspacePackage[]): Promise<void> {
  // Taken before the build: a file that changes while it runs makes the next build run again.
  const inputs = inputsOf(
    pkg,
    dependencies.map(({ folder }) => folder),
  )
  const stamp = readStamp(pkg)
  const isFresh = stamp?.inputs === inputs && stamp.outputs === outputsIn(join(pkg.folder, 'dist'))
  if (!isFresh) writeStamp(pkg, { inputs, outputs: await build(pkg) })
}

/**
 * Builds the published packages whose sources or output changed since their last build, each after those it depends on.
 * Writes to stderr only: the stdout of whatever runs afterwards stays its own.
 */
export async function buildPackages(): Promise<void> {
  const building = new Map<WorkspacePackage, Promise<void>>()
  for (const pkg of publishedPackages()) {
    const dependencies = [...building.keys()].filter((other) => dependsOn(pkg, other))
    const built = Promise.all(dependencies.map((dependency) => building.get(dependency)))
    building.set(
      pkg,
      built.then(() => refresh(pkg, dependencies)),
    )
  }
  await Promise.all(building.values())
}
