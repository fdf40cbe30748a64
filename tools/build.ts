// Builds the published packages whose sources or output changed since their last build.
// Writes to stderr only: the stdout of whatever runs afterwards stays its own.

import { spawnSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inputsOf, outputsIn, readStamp, writeStamp } from './build-stamp.ts'
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
  discardLeftovers(folder)
}

function discardLeftovers(folder: string): void {
  for (const name of [next, last]) rmSync(join(folder, name), { recursive: true, force: true })
}

function fail({ folder, manifest }: WorkspacePackage, output: string): never {
  discardLeftovers(folder)
  process.stderr.write(`${output}\n${manifest.name} does not build\n`)
  process.exit(1)
}

/** Returns what it made. */
function build(pkg: WorkspacePackage): string {
  const startedMs = performance.now()
  const result = spawnSync(join(root, 'node_modules', '.bin', 'tsup'), ['--out-dir', next], {
    cwd: pkg.folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (result.error) throw result.error
  if (result.status !== 0) fail(pkg, `${result.stdout}${result.stderr}`)
  const outputs = outputsIn(join(pkg.folder, next))
  replaceDist(pkg.folder)
  process.stderr.write(`built ${pkg.manifest.name} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`)
  return outputs
}

const built: WorkspacePackage[] = []
for (const pkg of publishedPackages()) {
  const dependencies = built.filter((other) => dependsOn(pkg, other)).map((other) => other.folder)
  // Taken before the build: a file that changes while it runs makes the next build run again.
  const inputs = inputsOf(pkg, dependencies)
  const stamp = readStamp(pkg)
  const isFresh = stamp?.inputs === inputs && stamp.outputs === outputsIn(join(pkg.folder, 'dist'))
  if (!isFresh) writeStamp(pkg, { inputs, outputs: build(pkg) })
  built.push(pkg)
}
