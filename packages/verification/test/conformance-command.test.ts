import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ConformanceReport } from '@leasehold/core/conformance'
import { describe, expect, it } from 'vitest'

const CLI = fileURLToPath(new URL('../src/conformance/cli.ts', import.meta.url))

function conformance(...args: readonly string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', CLI, ...args], { encoding: 'utf8' })
}

describe('the conformance command', () => {
  it('prints a report of every case as JSON', () => {
    const { stdout, status } = conformance('--backend', 'memory', '--json')
    const report = JSON.parse(stdout) as ConformanceReport
    expect(report.backend).toBe('memory')
    expect(report.failed).toEqual([])
    expect(report.passed.length).toBeGreaterThanOrEqual(65)
    expect(report.skipped.every(({ reason }) => reason.length > 0)).toBe(true)
    expect(status).toBe(0)
  })

  it('runs the one case that it is asked for', () => {
    const { stdout } = conformance('--backend', 'memory', '--json', '--case', 'acquire/free-key')
    expect(JSON.parse(stdout)).toEqual({
      backend: 'memory',
      passed: ['acquire/free-key'],
      failed: [],
      skipped: [],
      inconclusive: [],
    })
  })

  it('tells why a case was skipped', () => {
    const { stdout } = conformance('--backend', 'memory', '--case', 'faults/killed-holder')
    expect(stdout).toContain('the target offers no fault hook holderProgram')
    expect(stdout).toContain('memory: 0 passed, 0 failed, 1 skipped')
  })

  it('lists the backends that it knows when asked for another', () => {
    const { stderr, status } = conformance('--backend', 'zookeeper')
    expect(stderr).toMatch(/no backend "zookeeper"; known: memory/)
    expect(status).toBe(2)
  })

  it('names a case that does not exist', () => {
    const { stderr, status } = conformance('--backend', 'memory', '--case', 'acquire/everything')
    expect(stderr).toContain('no case "acquire/everything"')
    expect(status).toBe(2)
  })
})
