import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { Row } from '../src/contests.ts'
import { table } from '../src/report.ts'
import { bench } from './command.ts'

const folder = mkdtempSync(join(tmpdir(), 'leasehold-bench-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the bench command', () => {
  it('holds every contest of a backend against its limit, and draws it', () => {
    const picture = join(folder, 'bench.svg')
    const { stdout, status } = bench('--backend', 'memory', '--json', '--plot', picture)
    expect(status).toBe(0)
    const rows = JSON.parse(stdout) as Row[]
    expect(rows.map(({ backend }) => backend)).toEqual(['core', ...Array.from({ length: 8 }, () => 'memory')])
    for (const { ours, limit, ratio } of rows) {
      expect(ours).toBeGreaterThan(0)
      expect(limit).toBeGreaterThan(0)
      expect(ratio.median).toBeGreaterThan(0)
    }
    expect(readFileSync(picture, 'utf8').match(/<rect x=/g)).toHaveLength(rows.length)
    expect(table(rows)).toContain('| memory | acquire + release, 64 at once |')
  })

  it('lists the backends that it knows when asked for another', () => {
    const { stderr, status } = bench('--backend', 'zookeeper')
    expect(stderr).toContain('no backend "zookeeper"; known: memory, redis')
    expect(status).toBe(2)
  })
})
