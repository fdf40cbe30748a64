import type { ConformanceReport } from '@leasehold/core/conformance'
import { describe, expect, it, vi } from 'vitest'
import { command } from './command.ts'

// How long the command takes is no claim: a limit is there for one that hangs.
vi.setConfig({ testTimeout: 600_000 })

const conformance = (...args: readonly string[]) => command('conformance/cli.ts', ...args)

describe('the conformance command', () => {
  it('prints a report of every case as JSON', async () => {
    const { stdout, status } = await conformance('--backend', 'memory', '--json')
    const report = JSON.parse(stdout) as ConformanceReport
    expect(report.backend).toBe('memory')
    expect(report.failed).toEqual([])
    expect(report.passed.length).toBeGreaterThanOrEqual(65)
    expect(report.skipped.every(({ reason }) => reason.length > 0)).toBe(true)
    expect(status).toBe(0)
  })

  it('runs the one case that it is asked for', async () => {
    const { stdout } = await conformance('--backend', 'memory', '--json', '--case', 'acquire/free-key')
    expect(JSON.parse(stdout)).toEqual({
      backend: 'memory',
      passed: ['acquire/free-key'],
      failed: [],
      skipped: [],
      inconclusive: [],
    })
  })

  it('tells why a case was skipped', async () => {
    const { stdout } = await conformance('--backend', 'memory', '--case', 'faults/killed-holder')
    expect(stdout).toContain('the target offers no fault hook holderProgram')
    expect(stdout).toContain('memory: 0 passed, 0 failed, 1 skipped')
  })

  it('lists the backends that it knows when asked for another', async () => {
    const { stderr, status } = await conformance('--backend', 'zookeeper')
    expect(stderr).toMatch(/no backend "zookeeper"; known: memory/)
    expect(status).toBe(2)
  })

  it('names a case that does not exist', async () => {
    const { stderr, status } = await conformance('--backend', 'memory', '--case', 'acquire/everything')
    expect(stderr).toContain('no case "acquire/everything"')
    expect(status).toBe(2)
  })
})
