// Adds up what the last runs of `npx pnpm test` and `npx pnpm test:deep` counted, in one line that a machine can read.

import { existsSync, readFileSync } from 'node:fs'
import { artifact } from './testing/artifacts.ts'
import type { Counts } from './testing/counts.ts'

const total: Counts = { passed: 0, failed: 0, skipped: 0 }
for (const file of ['test.json', 'test-deep.json'].map(artifact)) {
  // A run that left nothing came to no end.
  const counts = existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Counts)
    : { passed: 0, failed: 1, skipped: 0 }
  total.passed += counts.passed
  total.failed += counts.failed
  total.skipped += counts.skipped
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
