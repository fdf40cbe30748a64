// Installs the packed core into empty projects of each kind, as a user would, and runs them there.

import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { messagesOf } from './messages.ts'
import { nativeCompiler } from './native-compiler.ts'
import { pack } from './pack.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { publishedPackages, root } from './workspace.ts'

const consumers = join(root, 'tools', 'consumers')

/** Each setting of a consumer is compiled by one of them: by the one that can be had for long, or by the one that comes. */
process.env['TYPESCRIPT_5'] = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
process.env['TYPESCRIPT_7'] = nativeCompiler

/** The tools that a consumer's scripts call, and Node's types: the rest of the consumer's world is the tarball. */
const tools = join(root, 'node_modules', '.bin')
const nodeTypes = join(root, 'node_modules', '@types', 'node')

async function tryOut(consumer: string, tarball: string, folder: string): Promise<void> {
  cpSync(join(consumers, consumer), folder, { recursive: true })
  await run('npm', ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball], folder)
  const types = join(folder, 'node_modules', '@types', 'node')
  mkdirSync(dirname(types), { recursive: true })
  symlinkSync(nodeTypes, types)
  await run('npm', ['test'], folder)
}

process.env['PATH'] = `${tools}${delimiter}${process.env['PATH']}`
try {
  await withTemporaryFolder(async (folder) => {
    const core = publishedPackages().find(({ manifest }) => manifest.name === '@leasehold/core')
    if (core === undefined) throw new Error('there is no package @leasehold/core')
    const tarball = await pack(core, folder)
    for (const consumer of readdirSync(consumers)) {
      await tryOut(consumer, tarball, join(folder, consumer))
      console.log(`the packed core works in ${consumer}`)
    }
  })
} catch (error) {
  console.error(messagesOf(error))
  process.exit(1)
}
