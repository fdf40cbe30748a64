import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { noEvents } from '../src/simulation/counters.ts'
import { describeReport, passed, type SimulationReport } from '../src/simulation/report.ts'

const CLI = fileURLToPath(new URL('../src/simulation/cli.ts', import.meta.url))

function simulation(...args: readonly string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', CLI, ...args], { encoding: 'utf8' })
}

describe('the simulate command', () => {
  it('prints a report as JSON and nothing else', () => {
    const { stdout, stderr, status } = simulation('--seeds', '60', '--json')
    const report = JSON.parse(stdout) as SimulationReport
    expect(report).toMatchObject({ seeds: 60, violations: [] })
    expect(Object.keys(report.events)).toEqual(Object.keys(noEvents()))
    expect(report.events.acquired).toBeGreaterThan(0)
    expect(status).toBe(report.unseen.length === 0 ? 0 : 1)
    expect(stderr).toBe('')
  })

  it('finds the same in the same seeds, however many processes share them', () => {
    const events = (workers: string) => {
      const { stdout } = simulation('--seeds', '60', '--from', '500', '--workers', workers, '--json')
      return (JSON.parse(stdout) as SimulationReport).events
    }
    expect(events('1')).toEqual(events('3'))
  })

  it('prints the timeline of one seed, the same each time', () => {
    const first = simulation('--seed', '7')
    const second = simulation('--seed', '7')
    expect(first.status).toBe(0)
    expect(first.stdout).toBe(second.stdout)
    expect(first.stdout).toMatch(/0\.000 {2}p1 .*-> acquire k1 #1/)
    expect(first.stdout).toContain('everything heals')
  })

  it('says what is wrong with an option', () => {
    const { stderr, status } = simulation('--seeds', 'many')
    expect(stderr).toContain('--seeds must be a whole number, at least 1; got "many"')
    expect(status).toBe(2)
  })
})

describe('a report', () => {
  const report: SimulationReport = { seeds: 10, seconds: 1, events: noEvents(), violations: [], unseen: [] }

  it('fails where a rule was broken, and tells how to see it again', () => {
    const broken = { ...report, violations: [{ seed: 42, rule: 'S1' as const, detail: 'two at once' }] }
    expect(passed(broken)).toBe(false)
    expect(describeReport(broken)).toContain('seed 42  S1  two at once')
    expect(describeReport(broken)).toContain('npx pnpm simulate --seed 42')
  })

  it('fails where nothing was seen that would prove anything', () => {
    const blind = { ...report, unseen: ['lateRenewal' as const] }
    expect(passed(blind)).toBe(false)
    expect(describeReport(blind)).toContain('proved nothing: never seen lateRenewal')
  })
})
