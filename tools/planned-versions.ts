import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.ts'
import { root } from './workspace.ts'

interface Plan {
  readonly releases: readonly { readonly name: string; readonly newVersion: string }[]
}

/** Changes that no version has taken up. */
export const hasChangesets = (): boolean =>
  readdirSync(join(root, '.changeset')).some((name) => name.endsWith('.md') && name !== 'README.md')

/** The versions that changesets make, by package. Those that have none stay as they are, and are left out. */
export async function plannedVersions(folder: string): Promise<Map<string, string>> {
  if (!hasChangesets()) return new Map()
  const file = join(folder, 'plan.json')
  await run('pnpm', ['exec', 'changeset', 'status', '--output', file], root)
  const { releases } = JSON.parse(readFileSync(file, 'utf8')) as Plan
  return new Map(releases.map(({ name, newVersion }) => [name, newVersion]))
}
