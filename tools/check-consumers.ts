// Installs the packed core into empty projects of each kind, as a user would, and runs them there.

import { readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { messagesOf } from './messages.ts'
import { nativeCompiler } from './native-compiler.ts'
import { consumers, createConsumer, createConsumerLike, packCore } from './packed-core.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'
import { root } from './workspace.ts'

/** Each setting of a consumer is compiled by one of them: by the one that can be had for long, or by the one that comes. */
process.env['TYPESCRIPT_5'] = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
process.env['TYPESCRIPT_7'] = nativeCompiler
/** The other tools that a consumer's scripts call. */
process.env['PATH'] = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH']}`

try {
  await withTemporaryFolder(async (folder) => {
    const [first = '', ...others] = readdirSync(consumers)
    await createConsumer(first, await packCore(folder), join(folder, first))
    for (const consumer of others) createConsumerLike(join(folder, first), consumer, join(folder, consumer))
    for (const consumer of [first, ...others]) {
      await run('npm', ['test'], join(folder, consumer))
      console.log(`the packed core works in ${consumer}`)
    }
  })
} catch (error) {
  console.error(messagesOf(error))
  process.exit(1)
}
