import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const DOCS = fileURLToPath(new URL('../../../docs/snippets/', import.meta.url))

describe('the backend in the documentation', () => {
  it('passes the suite under node:test, three operations and all', () => {
    const { VITEST: _, ...env } = process.env
    const { stdout } = spawnSync(process.execPath, ['--import', 'tsx', '--test', 'row-backend.node-test.ts'], {
      cwd: DOCS,
      encoding: 'utf8',
      env,
    })
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(100)
    expect(stdout).toContain('# SKIP the backend has no waitForTurn')
  })
})
