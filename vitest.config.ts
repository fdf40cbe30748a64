import { basename } from 'node:path'
import { defineConfig } from 'vitest/config'
import { workspacePackages } from './tools/workspace.ts'

/** The suite on each backend: its cases wait for the ends of TTLs. */
const CONFORMANCE = 'test/*-conformance.test.ts'

export default defineConfig({
  test: {
    pool: 'forks',
    allowOnly: false,
    retry: 0,
    // Two files at a time: tests against real servers wait more than they work, but they measure real time, and the servers need their share, too.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      ...workspacePackages().map(({ folder }) => ({
        extends: true as const,
        root: folder,
        test: { name: basename(folder), include: ['{src,test}/**/*.test.ts'], exclude: [CONFORMANCE] },
      })),
      {
        extends: true,
        root: 'packages/verification',
        // Afterwards, by themselves: with three at a time, the machine still waits more than half of its time.
        test: { name: 'conformance', include: [CONFORMANCE], maxWorkers: 3, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
