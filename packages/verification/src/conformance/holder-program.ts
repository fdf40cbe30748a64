import { fileURLToPath } from 'node:url'
import type { HolderProgram } from '@leasehold/core/conformance'
import { compiled } from '@leasehold/test-services'

/** The program `holder.ts` beside a target, ready to be started often. `target`: the module's `import.meta.url`. */
export async function holderProgramOf(target: string, args: readonly string[]): Promise<HolderProgram> {
  return { path: await compiled(fileURLToPath(new URL('./holder.ts', target))), args, execArgv: [] }
}
