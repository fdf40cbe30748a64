import { join } from 'node:path'
import type { WorkspacePackage } from './workspace.ts'

/** One subpath that a package exports: what it is called, and the files an ESM consumer gets. */
export interface Entry {
  /** `.`, `./memory` */
  readonly subpath: string
  /** `index`, `memory` */
  readonly name: string
  readonly types: string
  readonly code: string
}

interface ConditionalExport {
  readonly import: { readonly types: string; readonly default: string }
}

export const entriesOf = ({ folder, manifest }: WorkspacePackage): Entry[] =>
  Object.entries(manifest.exports ?? {})
    .filter((entry): entry is [string, ConditionalExport] => typeof entry[1] === 'object')
    .map(([subpath, target]) => ({
      subpath,
      name: subpath === '.' ? 'index' : subpath.slice('./'.length),
      types: join(folder, target.import.types),
      code: join(folder, target.import.default),
    }))
