import { describe, expect, it, vi } from 'vitest'
import { noEvents } from '../src/simulation/counters.ts'
import { describeReport, passed, type SimulationReport } from '../src/simulation/report.ts'
import { command } from './command.ts'

// How long the command takes is no claim: a limit is there for one that hangs.
vi.setConfig({ testTimeout: 600_000 })

const simulation = (...args: readonly string[]) => command('simulation/cli.ts', ...args)

describe('the simulate command', () => {
  it('prints a report as JSON and nothing else, and finds the same in the same seeds, however many processes share them', async () => {
    const seeds = ['--seeds', '12', '--from', '500', '--json']
    const { stdout, stderr, status } = await simulation(...seeds)
    const report = JSON.parse(stdout) as SimulationReport
    expect(report).toMatchObject({ seeds: 12, violations: [] })
    expect(Object.keys(report.events)).toEqual(Object.keys(noEvents()))
    expect(report.events.acquired).toBeGreaterThan(0)
    expect(status).toBe(report.unseen.length === 0 ? 0 : 1)
    expect(stderr).toBe('')
    const alone = await simulation(...seeds, '--workers', '1')
    expect((JSON.parse(alone.stdout) as SimulationReport).events).toEqual(report.events)
  })

  it('prints the timeline of one seed, the same each time', async () => {
    const first = await simulation('--seed', '9300')
    const second = await simulation('--seed', '9300')
    expect(first.status).toBe(0)
    expect(first.stdout).toBe(second.stdout)
    expect(first.stdout).toMatch(/0\.000 {2}p1 .*-> acquire k1 #1/)
    expect(first.stdout).toContain('everything heals')
  })

  it('says what is wrong with an option', async () => {
    const { stderr, status } = await simulation('--seeds', 'many')
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
