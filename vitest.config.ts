import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { workspacePackages } from './tools/workspace.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    allowOnly: false,
    retry: 0,
    // Two files at a time: tests against real servers wait more than they work, but they measure real time, and the servers need their share, too.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: workspacePackages().map(({ folder }) => ({
      extends: true,
      root: folder,
      test: { name: basename(folder), include: ['{src,test}/**/*.test.ts'] },
    })),
  },
})
