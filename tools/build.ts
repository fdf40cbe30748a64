// Builds what is not built. `npx pnpm build`

import { buildPackages } from './build-packages.ts'
import { messagesOf } from './messages.ts'

await buildPackages().catch((error: unknown) => {
  process.stderr.write(`${messagesOf(error)}\n`)
  process.exitCode = 1
})
