import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import LongestFirst from './tools/testing/longest-first.ts'
import { workers } from './tools/testing/workers.ts'
import { workspacePackages } from './tools/workspace.ts'

/** `*.deep.test.ts` take long: they run in the deep tier, and nothing else does. */
const DEEP = '{src,test}/**/*.deep.test.ts'
/** Half of what a short file costs is to start a process and to load what all files of its package load. Those of these packages leave nothing behind, and share processes. */
const SHARED: ReadonlySet<string> = new Set(['core', 'etcd', 'postgres', 'redis', 'test-services'])
const isDeep = process.env['LEASEHOLD_TIER'] === 'deep'

export default defineConfig({
  test: {
    pool: 'forks',
    allowOnly: false,
    retry: 0,
    maxWorkers: workers,
    // As many cases of the suite as it runs at a time by itself.
    maxConcurrency: 8,
    sequence: { sequencer: LongestFirst },
    // For what hangs. How long a test takes is a matter of the machine.
    testTimeout: 240_000,
    hookTimeout: 240_000,
    projects: workspacePackages().map(({ folder }) => ({
      extends: true as const,
      root: folder,
      test: {
        name: basename(folder),
        isolate: isDeep || !SHARED.has(basename(folder)),
        include: [isDeep ? DEEP : '{src,test}/**/*.test.ts'],
        exclude: isDeep ? [] : [DEEP],
      },
    })),
  },
})
