import { expect, it } from 'vitest'
import type { Row } from '../src/contests.ts'
import { subjects } from '../src/subjects/index.ts'
import { bench } from './command.ts'

it.each([...subjects.keys()])(
  'the bench command holds every contest of %s against its limit, and prints a table',
  (name) => {
    const { stdout, stderr, status } = bench('--backend', name, '--json')
    expect(status, stderr).toBe(0)
    const [core, ...rows] = JSON.parse(stdout) as Row[]
    expect(core?.backend).toBe('core')
    expect(rows.length).toBeGreaterThanOrEqual(2)
    for (const { backend, ours, limit, ratio } of rows) {
      expect(backend).toBe(name)
      expect(ours).toBeGreaterThan(0)
      expect(limit).toBeGreaterThan(0)
      expect(ratio.median).toBeGreaterThan(0)
    }
    expect(bench('--backend', name).stdout).toContain(`| ${name} | acquire + release, 64 at once |`)
  },
  120_000,
)
