// Runs the published suite on the packed core by another runtime.

import { join } from 'node:path'
import { messagesOf } from './messages.ts'
import { createConsumer, packCore } from './packed-core.ts'
import { run } from './run.ts'
import { withTemporaryFolder } from './temporary-folder.ts'

const USAGE = `npx pnpm suite:on                                        by this Node
npx pnpm suite:on npx --yes bun@1                        by another program, which gets the file to run as its last argument
npx pnpm suite:on npx --yes deno@2 run --allow-all`

const [program = process.execPath, ...args] = process.argv.slice(2).filter((argument) => argument !== '--')

async function runOn(): Promise<void> {
  await withTemporaryFolder(async (folder) => {
    const project = join(folder, 'suite')
    await createConsumer('suite', [await packCore(folder)], project)
    console.log((await run(program, [...args, 'index.js'], project)).trim())
  })
}

try {
  if (program === '--help' || program === '-h') console.log(USAGE)
  else if (program.startsWith('-')) throw new Error(`there is no option ${program}\n\n${USAGE}`)
  else await runOn()
} catch (error) {
  console.error(messagesOf(error))
  process.exit(1)
}
