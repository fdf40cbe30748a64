import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../workspace.ts'

/** Where a run leaves its logs and results. Nothing reads them to decide what has to be done. */
export function artifact(name: string): string {
  const folder = join(root, '.artifacts')
  mkdirSync(folder, { recursive: true })
  return join(folder, name)
}
