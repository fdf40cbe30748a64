import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { workspacePackages } from './tools/workspace.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    allowOnly: false,
    retry: 0,
    // One file at a time: tests against real servers measure real time, and the servers need a core, too.
    fileParallelism: false,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: workspacePackages().map(({ folder }) => ({
      extends: true,
      root: folder,
      test: { name: basename(folder), include: ['{src,test}/**/*.test.ts'] },
    })),
  },
})
