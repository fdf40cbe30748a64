// Installs the packed packages into empty projects of each kind, as a user would, and runs them there: `npx pnpm check:consumers`, or those named.

import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { addTools } from './consumer-tools.ts'
import { messagesOf } from './messages.ts'
import { nativeCompiler } from './native-compiler.ts'
import { pack } from './pack.ts'
import { addDrivers, consumers, createConsumer, createConsumerLike } from './packed-core.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { publishedPackages, readManifest, root } from './workspace.ts'

/** Compilers of which each has users: the one that can be had for long, and the one that comes. */
process.env['TYPESCRIPT_5'] = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
process.env['TYPESCRIPT_7'] = nativeCompiler
/** The other tools that a consumer's scripts call. */
process.env['PATH'] = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH']}`

const asked = process.argv.slice(2).filter((argument) => argument !== '--')
const unknown = asked.filter((name) => !readdirSync(consumers).includes(name))
const names = readdirSync(consumers).filter((name) => asked.length === 0 || asked.includes(name))
/** Others have the packed core, and nothing else. */
const wantsMore = (name: string): boolean => 'brings' in readManifest(join(consumers, name))

async function check(name: string, folder: string): Promise<void> {
  const startedMs = performance.now()
  await run('npm', ['test'], folder)
  console.log(`packed packages work in ${name} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`)
}

async function checkAll(folder: string): Promise<void> {
  const [core, all] = [join(folder, 'with-core'), join(folder, 'with-all')]
  const tarballs: string[] = []
  for (const pkg of publishedPackages()) tarballs.push(await pack(pkg, folder))
  if (!names.every(wantsMore)) await createConsumer('esm', tarballs.slice(0, 1), core)
  if (names.some(wantsMore)) {
    await createConsumer('esm', tarballs, all)
    addDrivers(all)
    await addTools(all)
  }
  for (const name of names) {
    const project = join(folder, name)
    createConsumerLike(wantsMore(name) ? all : core, name, project)
    await check(name, project)
  }
}

try {
  if (unknown.length > 0) throw new Error(`there is no consumer ${unknown}; known: ${readdirSync(consumers)}`)
  await withTemporaryFolder(checkAll)
} catch (error) {
  console.error(messagesOf(error))
  process.exit(1)
}
