// Runs the published suite on the packed core by another runtime: `npx pnpm suite:on npx --yes bun@1`,
// `npx pnpm suite:on npx --yes deno@2 run --allow-all`. Without arguments: by Node.

import { join } from 'node:path'
import { messagesOf } from './messages.ts'
import { createConsumer, packCore } from './packed-core.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'

const [program = process.execPath, ...args] = process.argv.slice(2).filter((argument) => argument !== '--')

try {
  await withTemporaryFolder(async (folder) => {
    const project = join(folder, 'suite')
    await createConsumer('suite', await packCore(folder), project)
    console.log((await run(program, [...args, 'index.js'], project)).trim())
  })
} catch (error) {
  console.error(messagesOf(error))
  process.exit(1)
}
