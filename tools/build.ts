// Builds the published packages whose sources or output changed since their last build.
// Writes to stderr only: the stdout of whatever runs afterwards stays its own.

import { spawnSync } from 'node:child_process'
import { renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { inputsOf, outputsOf, readStamp, writeStamp } from './build-stamp.ts'
import { dependsOn, publishedPackages, root, type WorkspacePackage } from './workspace.ts'

const next = 'dist.next'

/** Whoever reads `dist` meanwhile sees the last good build, but for the moment of the exchange. */
function replaceDist(folder: string): void {
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  renameSync(join(folder, next), join(folder, 'dist'))
}

function build(pkg: WorkspacePackage): void {
  const startedMs = performance.now()
  const tsup = join(root, 'node_modules', '.bin', 'tsup')
  const result = spawnSync(tsup, ['--out-dir', next], {
    cwd: pkg.folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (result.error) throw result.error
  if (result.status !== 0) {
    process.stderr.write(`${result.stdout}${result.stderr}\n${pkg.manifest.name} does not build\n`)
    process.exit(1)
  }
  replaceDist(pkg.folder)
  process.stderr.write(`built ${pkg.manifest.name} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`)
}

const built: WorkspacePackage[] = []
for (const pkg of publishedPackages()) {
  const dependencies = built.filter((other) => dependsOn(pkg, other)).map((other) => other.folder)
  // Taken before the build: a file that changes while it runs makes the next build run again.
  const inputs = inputsOf(pkg, dependencies)
  const stamp = readStamp(pkg)
  if (stamp?.inputs !== inputs || stamp.outputs !== outputsOf(pkg)) {
    build(pkg)
    writeStamp(pkg, { inputs, outputs: outputsOf(pkg) })
  }
  built.push(pkg)
}
