import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { defineConfig } from 'vitest/config'
import LongestFirst from './tools/testing/longest-first.ts'
import { workers } from './tools/testing/workers.ts'
import { workspacePackages } from './tools/workspace.ts'

/** `*.deep.test.ts` take long: they run in the deep tier, and nothing else does. */
const DEEP = '{src,test}/**/*.deep.test.ts'
/** Half of what a short file costs is to start a process and to load what all files of its package load. Those of these packages leave nothing behind, and share processes. */
const SHARED: ReadonlySet<string> = new Set(['core', 'etcd', 'postgres', 'redis', 'test-services'])
const ALL = '{src,test}/**/*.test.ts'
const isDeep = process.env['LEASEHOLD_TIER'] === 'deep'

export default defineConfig({
  test: {
    pool: 'forks',
    allowOnly: false,
    // As a user's program loads it: to translate what is built costs as much as to run it.
    server: { deps: { external: [/\/packages\/[^/]+\/dist\//] } },
    retry: 0,
    maxWorkers: workers,
    // As many cases of the suite as it runs at a time by itself.
    maxConcurrency: 8,
    sequence: { sequencer: LongestFirst },
    // For what hangs. How long a test takes is a matter of the machine.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: workspacePackages().flatMap(({ folder }) => {
      const name = basename(folder)
      if (isDeep || !SHARED.has(name)) return [project(folder, name, true, [isDeep ? DEEP : ALL], isDeep ? [] : [DEEP])]
      const alone = thatChangeModules(folder)
      return [
        project(folder, name, false, [ALL], [DEEP, ...alone]),
        ...(alone.length > 0 ? [project(folder, `${name}, alone`, true, alone, [DEEP])] : []),
      ]
    }),
  },
})

function project(root: string, name: string, isolate: boolean, include: string[], exclude: string[]) {
  return { extends: true as const, root, test: { name, isolate, include, exclude } }
}

/** What they put in the place of a module, of a method or of the timers is nothing for others of the process; and what others have loaded, or have under way, would be counted with theirs. */
function thatChangeModules(folder: string): string[] {
  const changes = (file: string): boolean =>
    /\bvi\.(mock|spyOn|stub|useFakeTimers)/.test(readFileSync(join(folder, 'test', file), 'utf8'))
  return readdirSync(join(folder, 'test'))
    .filter((file) => file.endsWith('.test.ts') && changes(file))
    .map((file) => `test/${file}`)
}
