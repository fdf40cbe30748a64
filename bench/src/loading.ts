import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Effort } from './effort.ts'
import { type Compared, compared } from './statistics.ts'

/** Milliseconds that `import` takes in a new process: core, and an empty module. */
export function loading({ rounds }: Effort): Compared {
  const folder = mkdtempSync(join(tmpdir(), 'leasehold-bench-'))
  try {
    const empty = join(folder, 'empty.mjs')
    writeFileSync(empty, 'export {}\n')
    const measured = Array.from({ length: rounds * 3 }, () => ({
      ours: importMs(import.meta.resolve('@leasehold/core')),
      limit: importMs(empty),
    }))
    return compared(measured)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function importMs(module: string): number {
  const program = `const t = performance.now(); await import(${JSON.stringify(module)}); console.log(performance.now() - t)`
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' })
  return Number(stdout)
}
