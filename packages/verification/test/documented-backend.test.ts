import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { conformanceCases } from '@leasehold/core/conformance'
import { describe, expect, it } from 'vitest'

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url))

describe('the backend in the documentation', () => {
  it('passes the suite under node:test, three operations and all', async () => {
    const { VITEST: _, ...env } = process.env
    const child = spawn(process.execPath, ['--import', 'tsx', '--test', 'snippets/row-backend.node-test.ts'], {
      cwd: DOCS,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const stdout = await text(child.stdout)
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(100)
    expect(stdout).toContain('# SKIP the backend has no waitForTurn')
  }, 600_000)
})

describe('the documentation of the suite', () => {
  const guide = readFileSync(`${DOCS}writing-a-backend.md`, 'utf8')

  it('counts the cases of each group', () => {
    for (const group of new Set(conformanceCases.map((testCase) => testCase.group))) {
      const cases = conformanceCases.filter((testCase) => testCase.group === group)
      expect(guide).toContain(`| ${group} | ${cases.length} |`)
    }
  })

  it('explains every fault hook that a case needs', () => {
    const others = [
      'waitForTurn',
      'tryAcquireAll',
      'releaseAll',
      'inspect',
      'tellsLosses',
      'selfPolling',
      'fifo',
      'handOff',
      'survivesRestart',
      'shared',
      'permits',
      'list',
      'annotate',
      'watch',
      'forceRelease',
    ]
    const needs = conformanceCases.flatMap((testCase) => testCase.needs)
    const hooks = new Set(needs.filter((need) => !others.includes(need)))
    expect(hooks.size).toBeGreaterThan(0)
    for (const hook of hooks) expect(guide).toContain(`| \`${hook}\` |`)
  })
})
