import { defineConfig } from 'vitest/config'

// An embedded Postgres takes seconds to start and hundreds of megabytes: one at a time.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
